"""Decisions: recorded with the minutes, carried out, followed up."""
