"""One key for each kind of subject, of which a row fills at most one."""

import pytest
from sqlalchemy import CheckConstraint
from sqlalchemy.ext.asyncio import AsyncSession

from factories import NOW, Territory, open_purchase
from pooling.committees.agendas.schemas import DifficultyIn
from pooling.committees.models import Difficulty
from pooling.features import FEATURES
from pooling.kernel.about import about_one, keys_to
from pooling.kernel.database import Database
from pooling.kernel.errors import Invalid
from pooling.members.features import Features
from pooling.web.forms import Form

SUBJECTS = Features(FEATURES).subjects


def test_two_kinds_are_never_filled_at_once() -> None:
    (*keys, check) = about_one({"purchase": "purchases", "order": "orders"})
    assert [[*key.column_keys] for key in keys] == [["group_id", "purchase_id"], ["group_id", "order_id"]]  # type: ignore[attr-defined]
    assert isinstance(check, CheckConstraint)
    assert str(check.sqltext) == "num_nonnulls(purchase_id, order_id) <= 1"


def test_a_row_names_its_subject_or_none() -> None:
    nothing = {"purchase_id": None, "round_id": None, "action_id": None}
    assert keys_to(("purchase", 4)) == {**nothing, "purchase_id": 4}
    assert keys_to(("action", 4)) == {**nothing, "action_id": 4}
    assert keys_to(None) == nothing
    assert Difficulty(group_id=1, content="x", purchase_id=4).about == ("purchase", 4)
    assert Difficulty(group_id=1, content="x", action_id=4).about == ("action", 4)
    assert Difficulty(group_id=1, content="x").about is None


async def test_a_subject_is_read_chosen_and_referred_to(database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW, title="Arceaux")
    async with database.transaction(territory.group_id) as session:
        found = await SUBJECTS.find(session, ("purchase", purchase_id))
        assert found is not None
        assert (found.called, found.path) == ("Arceaux (AG-2027-001)", "/achats/AG-2027-001")
        assert found.state_word == "Déclarations ouvertes"
        choice, *others = await SUBJECTS.choices(session, Form())
        assert [(other.kind.name, other.subjects) for other in others] == [("round", []), ("action", [])]
        assert choice.references == [("AG-2027-001", "AG-2027-001 · Arceaux")]
        assert choice.ids == [(str(purchase_id), "AG-2027-001 · Arceaux")]
        named = [DifficultyIn(content="x", purchase="AG-2027-001"), DifficultyIn(content="x")]
        assert await SUBJECTS.referred(session, named) == [("purchase", purchase_id), None]
        form = Form(values={"purchase": str(purchase_id)})
        assert await SUBJECTS.chosen(session, form) == ("purchase", purchase_id)
        assert not form.has_errors


@pytest.mark.parametrize("typed", ["999999", "AG-2027-001", "9" * 20, "²"])
async def test_what_the_group_has_not_is_refused(session: AsyncSession, typed: str) -> None:
    form = Form(values={"purchase": typed})
    assert await SUBJECTS.chosen(session, form) is None
    assert form.errors
    with pytest.raises(Invalid) as unknown:
        await SUBJECTS.referred(session, [DifficultyIn(content="x", purchase=typed)])
    assert unknown.value.errors == {"purchase": "Le groupe n’a pas d’achat de cette référence."}
