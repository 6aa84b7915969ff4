"""The charter of a group: what its members commit to, before any purchase."""
