"""Mails about a committee that leave when it happens, and their calendar files."""
