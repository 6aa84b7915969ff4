"""What a command says when it cannot do what was asked: one sentence for everything that a person can mend."""

from urllib.parse import urlsplit

from pooling.embedded.errors import EngineError
from pooling.kernel.configuration import ConfigurationError
from pooling.kernel.errors import DomainError, Invalid
from pooling.kernel.migrations import UnknownRevision

REFUSED = 1
"""Exit status: understood, and refused as things stand."""
WRONG = 2
"""Exit status: a setting, an argument or a file of configuration is wrong, or what the command needs is away."""


def failure_told(error: Exception) -> tuple[str, int] | None:
    """The sentence and the exit status for this error; None for a defect of ours, which is shown as it is."""
    if isinstance(error, Invalid):
        return " ".join(error.errors.values()), REFUSED
    if isinstance(error, DomainError):
        return error.message, REFUSED
    if isinstance(error, ConfigurationError | EngineError | UnknownRevision):
        return str(error), WRONG
    if isinstance(error, ConnectionError | TimeoutError) and not isinstance(error, BrokenPipeError):
        return f"the database or the queue does not answer any more: {error}", WRONG
    if isinstance(error, OSError) and error.strerror and not isinstance(error, BrokenPipeError):
        return f"{error.filename or 'output'}: {error.strerror}.", WRONG
    return None


def without_password(url: str) -> str:
    """An address as it may be shown: no secret in it."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return parts._replace(netloc=f"{parts.username}@{parts.netloc.rpartition('@')[2]}").geturl()
