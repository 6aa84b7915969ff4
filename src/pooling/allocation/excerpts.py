"""Which warnings of an allocation a page tells."""

from collections.abc import Collection

from pooling.allocation.figures import Labels, warning_sentence
from pooling.sharing.statement import StatedWarning, Statement

WARNED_AT_MOST = 10


def warned_first(result: Statement, own: Collection[str] | None) -> list[str]:
    """The members of the warnings that a page tells, whose names it needs."""
    return [warning.member for warning in _told(result, own)]


def warnings_listed(result: Statement, labels: Labels, own: Collection[str] | None) -> list[str]:
    """What is to be verified, in sentences; only `own` members' when given."""
    return [warning_sentence(warning, labels) for warning in _told(result, own)]


def _told(result: Statement, own: Collection[str] | None) -> list[StatedWarning]:
    return [warning for warning in result.warnings if own is None or warning.member in own][:WARNED_AT_MOST]
