"""Two people at once: which version of something was shown, and what differs between theirs."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from pooling.kernel.errors import Conflict

OF_A_LINE = "Une autre personne a modifié cette ligne depuis que vous l’avez ouverte."
OF_A_PAGE = "Une autre personne a enregistré autre chose depuis que vous avez ouvert cette page."


class ChangedMeanwhile(Conflict):
    """Somebody else changed it since it was shown: neither version is lost, the person chooses."""

    code = "changed_meanwhile"

    def __init__(self, message: str = OF_A_LINE) -> None:
        super().__init__(message)


def version_of(content: Any) -> str:  # noqa: ANN401 - whatever JSON, decimals and days hold
    """Stands for what was shown; travels in the form, hidden."""
    return sha256(json.dumps(content, sort_keys=True, default=_written).encode()).hexdigest()


def _written(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value))


def check_version(content: Any, shown: str | None, message: str = OF_A_LINE) -> None:  # noqa: ANN401
    """Raises:
    ChangedMeanwhile: `shown` is another version than what is stored.
    """
    if shown is not None and shown != version_of(content):
        raise ChangedMeanwhile(message)


def differences(stored: Mapping[str, str], typed: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(what, as stored, as typed) of all that is not the same."""
    subjects = dict.fromkeys([*stored, *typed])
    return [
        (subject, stored.get(subject) or "–", typed.get(subject) or "–")
        for subject in subjects
        if stored.get(subject) != typed.get(subject)
    ]
