"""What can go wrong with an embedded engine."""


class EngineError(Exception):
    """An engine that does not start; the message says which, where, and what to look at."""
