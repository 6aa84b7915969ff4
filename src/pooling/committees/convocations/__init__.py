"""Convocations: when they are due, the document, the mail."""
