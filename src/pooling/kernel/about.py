"""What a row is about: its subject, of one of several kinds: a purchase, a round, an action, and whatever else comes.

A row names it by one nullable key for each kind, of which it fills at most one. `KINDS` and `About` are the one place
where a new kind gets its column; a migration adds it to the tables. `members/subjects.py` is how people meet subjects.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, and_
from sqlalchemy.schema import Constraint
from sqlmodel import SQLModel, col

from pooling.kernel.tables import foreign_id, within_group

KINDS: Mapping[str, str] = {"purchase": "purchases", "round": "rounds", "action": "actions"}
"""The table of each kind; the key to it is `<kind>_id`."""

KEYS = ", ".join(f"{kind}_id" for kind in KINDS)
"""In SQL."""
Named = tuple[str, int]
"""A subject by its kind and id."""


class About(SQLModel):
    """What a table whose rows have a subject is made of too, with the constraints of `about_one`."""

    purchase_id: int | None = foreign_id(nullable=True)
    round_id: int | None = foreign_id(nullable=True)
    action_id: int | None = foreign_id(nullable=True)

    @property
    def about(self) -> Named | None:
        keys = ((kind, getattr(self, key_of(kind))) for kind in KINDS)
        return next(((kind, key) for kind, key in keys if key is not None), None)


def key_of(kind: str) -> str:
    return f"{kind}_id"


def keys_to(subject: Named | None) -> dict[str, Any]:
    """The columns that name this subject, and no other."""
    return {key_of(kind): subject[1] if subject is not None and subject[0] == kind else None for kind in KINDS}


def about_it(table: type[About], subject: Named | None) -> ColumnElement[bool]:
    """The rows of this table that are about it; with None, those about nothing."""
    return and_(*(col(getattr(table, key)).is_not_distinct_from(value) for key, value in keys_to(subject).items()))


def keys_in_events(row: About) -> dict[str, int]:
    """What an event of the row names, so that it stands in the subject's journal too."""
    return {key_of(row.about[0]): row.about[1]} if row.about is not None else {}


def about_one(kinds: Mapping[str, str] = KINDS) -> list[Constraint]:
    """Within the group, and one at most: of a single kind there is nothing to check."""
    constraints: list[Constraint] = [within_group(key_of(kind), table) for kind, table in kinds.items()]
    if len(kinds) > 1:
        keys = ", ".join(key_of(kind) for kind in kinds)
        constraints.append(CheckConstraint(f"num_nonnulls({keys}) <= 1", name="about_one"))
    return constraints
