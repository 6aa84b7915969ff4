"""Every route × every role × own or other member × own or other group, against the written table."""

import runpy
from pathlib import Path

import pytest
from litestar import Litestar, get
from litestar.exceptions import ImproperlyConfiguredException

import pooling
from ground.walk import ACTORS, Walk
from pooling.members.entrance import require_whole_rights
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from routes import routes_of
from whole.rights_table import EXPECTED


def refused(status: int) -> bool:
    return status in {401, 403, 404}


def test_every_route_has_an_entry(application: Litestar) -> None:
    walked = {f"{route.method} {route.template}" for route in routes_of(application)}
    assert walked - EXPECTED.keys() == set(), "say in rights_table.py who may call it"
    assert {entry for entry in EXPECTED if not entry.startswith("GET /.well-known")} - walked == set(), "no such route"


@pytest.mark.parametrize("actor", ["visitor", *ACTORS])
async def test_each_actor_gets_in_where_the_table_says_and_nowhere_else(walk: Walk, actor: str) -> None:
    wrong: list[str] = []
    for step in [*await walk.reads(actor), *await walk.writes(actor)]:
        allowed = actor in EXPECTED.get(step.where, frozenset())
        if step.where == "GET /health/ready":
            assert step.status == 503, "no queue rings here"
            continue
        if step.status >= 500 or refused(step.status) == allowed:
            wrong.append(f"{step.where}: {step.status}, {'in' if allowed else 'out'} expected")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("actor", ["facilitator", "buyer"])
async def test_another_groups_address_does_not_exist(walk: Walk, actor: str) -> None:
    """404, not 403: whatever the role here, and whatever the address names there."""
    steps = await walk.strays(actor)
    assert len(steps) > 100
    wrong = [f"{step.where}: {step.status}" for step in steps if step.status != 404]
    assert wrong == [], "\n".join(wrong)


def test_the_document_says_what_the_routes_name() -> None:
    docs = Path(pooling.__file__).parents[2] / "docs"
    generator = runpy.run_path(str(docs / "rights_tables.py"))
    assert generator["written"]() == (docs / "rights.md").read_text(encoding="utf-8"), "run: make docs-tables"


def test_a_route_names_the_whole_right() -> None:
    """A right that counts for some purchases only says nothing of the one in the address; a permission needs it. And
    nobody asks either of a handler that takes no `here`.
    """

    async def on_a_purchase(here: Here[PurchasePage]) -> str:
        return here.url

    async def on_the_group(here: Here[GroupPage]) -> str:
        return here.url

    async def on_nothing() -> str:
        return ""

    require_whole_rights(get("/a", right=may_run)(on_a_purchase))
    require_whole_rights(get("/b", right=Right.SEE_GROUP)(on_a_purchase))
    require_whole_rights(get("/c", right=Right.PREPARE_PURCHASE)(on_the_group))
    require_whole_rights(get("/d", right=Right.SIGNED_IN)(on_nothing))
    for right, handler in (
        (Right.RUN_PURCHASE, on_a_purchase),
        (may_run, on_the_group),
        (may_run, on_nothing),
        (Right.SEE_GROUP, on_nothing),
    ):
        with pytest.raises(ImproperlyConfiguredException):
            require_whole_rights(get("/e", right=right)(handler))
