"""The journal: every event in words, as pages, files and JSON."""
