"""How rows of a group are found beside each other."""

import pytest
from sqlalchemy import exists, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.kernel.errors import NotFound
from pooling.kernel.tables import LARGEST_ID, id_typed, known_id, linked, same_group
from pooling.members.models import Member, Membership


def test_rows_are_linked_within_their_group() -> None:
    said = select(col(Membership.id)).join(Member, linked(Member.id, Membership.member_id))
    assert "JOIN members ON members.group_id = memberships.group_id AND members.id = memberships.member_id" in str(said)


def test_an_alias_and_a_subquery_are_linked_by_their_own_columns() -> None:
    parent, ended = aliased(Member, name="parent"), select(Membership).subquery("ended")
    said = exists().where(linked(parent.id, ended.c.member_id))
    assert "parent.group_id = ended.group_id AND parent.id = ended.member_id" in str(said)


def test_rows_of_one_group() -> None:
    assert str(same_group(Membership, Member)) == "memberships.group_id = members.group_id"


@pytest.mark.parametrize(
    ("typed", "named"),
    [("7", 7), ("0", None), ("-7", None), ("x", None), ("", None), ("9" * 18, 10**18 - 1), ("9" * 19, None)],
)
def test_an_id_that_is_typed_is_one_that_a_row_may_have(typed: str, named: int | None) -> None:
    assert id_typed(typed) == named


@pytest.mark.parametrize("named", [0, -1, LARGEST_ID + 1])
def test_an_id_that_no_row_has_is_not_found(named: int) -> None:
    assert known_id(LARGEST_ID) == LARGEST_ID
    with pytest.raises(NotFound):
        known_id(named)
