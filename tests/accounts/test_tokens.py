"""What a token opens, until when, and never more than its person."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from litestar import Litestar
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect, Program, problem, token_of
from factories import NOW, PEOPLE, Territory, make_territory, open_purchase
from pooling.accounts import bearer
from pooling.accounts.models import ApiToken, TokenScope
from pooling.accounts.throttle import ALLOWANCES
from pooling.accounts.tokens import USED_STEP, make_token, read_token, revoke_token, tokens_listed
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.events import Event
from web_client import SignIn

FACILITATOR = "animation@bassin.example"


@pytest.mark.parametrize("path", ["/api/v1/me", f"{API}/members", f"{API}/purchases/AG-2027-001"])
async def test_without_a_token_nothing_opens(connect: Connect, path: str) -> None:
    answer = await (await connect(None)).get(path)
    assert problem(answer) == (401, "token_required")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic cG9vbDpwb29s", "pool_abc"])
async def test_another_scheme_is_no_token(connect: Connect, header: str) -> None:
    assert problem(await (await connect(None)).get("/api/v1/me", Authorization=header)) == (401, "token_required")


@pytest.mark.parametrize("token", ["pool_unknown", "x" * 5000, "pool_é".encode().decode("latin-1")])
async def test_an_unknown_token_opens_nothing(connect: Connect, token: str) -> None:
    answer = await (await connect(None)).client.get(
        "/api/v1/me", headers={b"Authorization": f"Bearer {token}".encode("latin-1")}
    )
    assert problem(answer) == (401, "token_invalid")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_whoever_guesses_is_told_to_stop_and_holds_up_nobody(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ALLOWANCES, bearer.REFUSED_FROM_HOST.key, bearer.REFUSED_FROM_HOST)  # the other one goes again
    monkeypatch.setattr(bearer, "REFUSED_FROM_HOST", replace(bearer.REFUSED_FROM_HOST, most=2))
    guessing, good = await connect(None), await connect(FACILITATOR)
    answers = [await guessing.get("/api/v1/me", Authorization=f"Bearer pool_{number}") for number in range(4)]
    assert [problem(answer) for answer in answers] == [(401, "token_invalid")] * 2 + [(429, "too_many")] * 2
    assert (await good.get("/api/v1/me")).status_code == 200


async def test_who_am_i(connect: Connect) -> None:
    program = await connect("referent@lugos.example", scope=TokenScope.READ)
    said = (await program.get("/api/v1/me")).json()
    assert said["email"] == "referent@lugos.example"
    assert said["group"] == {"slug": "bassin", "name": "Bassin", "timezone": "Europe/Paris", "fictional": False}
    assert said["roles"] == [{"role": "referent", "member": "213302607", "purchase_id": None}]
    assert said["token"]["scope"] == "read"
    assert program.token is not None
    assert program.token.startswith(said["token"]["prefix"])
    assert len(said["token"]["prefix"]) == len("pool_xxxx")


async def test_a_signed_in_browser_opens_nothing(sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    assert (await browser.get("/g/bassin/membres")).status_code == 200
    assert problem(await browser.get(f"{API}/members")) == (401, "token_required")


async def test_a_program_needs_no_form_token(connect: Connect) -> None:
    """Cookies open nothing here, so nothing is to be forged: a request from elsewhere is judged by its token."""
    answer = await (await connect(FACILITATOR)).post(
        f"{API}/members",
        {"code": "213303332", "name": "Le Barp"},
        Sec_Fetch_Site="cross-site",
        Origin="https://elsewhere.example",
    )
    assert answer.status_code == 201


async def test_a_reading_token_changes_nothing(connect: Connect, database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect("referent@lugos.example", scope=TokenScope.READ)
    declaration = f"{API}/purchases/AG-2027-001/declarations/213302607"
    assert problem(await program.put(declaration, {"state": "filed"})) == (403, "token_read_only")
    assert (await program.get(declaration)).json()["filed"] is None
    assert problem(await program.post(f"{API}/purchases/nothing/closure", {})) == (403, "token_read_only")


async def test_past_its_end_it_opens_nothing(connect: Connect, clock: FixedClock) -> None:
    program = await connect(FACILITATOR, expires_at=NOW + timedelta(days=1))
    assert (await program.get(f"{API}/members")).status_code == 200
    clock.instant = NOW + timedelta(days=1)
    assert problem(await program.get(f"{API}/members")) == (401, "token_invalid")


async def test_revoked_it_opens_nothing(connect: Connect, database: Database, territory: Territory) -> None:
    program, other = await connect(FACILITATOR), await connect(FACILITATOR)
    async with database.transaction() as session:
        first = (await tokens_listed(session, person_id=territory.people[FACILITATOR]))[-1]
        with pytest.raises(NotFound):
            await revoke_token(session, first.id, NOW, person_id=territory.people["referent@lugos.example"])
        await revoke_token(session, first.id, NOW, person_id=territory.people[FACILITATOR])
    assert problem(await program.get(f"{API}/members")) == (401, "token_invalid")
    assert (await other.get(f"{API}/members")).status_code == 200


async def test_a_role_taken_away_is_gone_at_once(connect: Connect, database: Database, territory: Territory) -> None:
    program = await connect(FACILITATOR)
    assert (await program.get(f"{API}/audit")).status_code == 200

    async def change(statement: str) -> None:
        async with database.transaction(territory.group_id) as session:
            await session.execute(text(statement), {"person": territory.people[FACILITATOR], "now": NOW})

    await change("UPDATE memberships SET role = 'reader' WHERE person_id = :person AND ended_at < :now IS NOT TRUE")
    assert problem(await program.get(f"{API}/audit")) == (403, "forbidden")
    assert (await program.get(f"{API}/members")).status_code == 200
    await change("UPDATE memberships SET ended_at = :now WHERE person_id = :person")
    assert problem(await program.get(f"{API}/members")) == (404, "not_found")
    said = (await program.get("/api/v1/me")).json()
    assert (said["group"], said["roles"]) == (None, [])


async def test_an_archived_group_is_no_more(connect: Connect, database: Database, territory: Territory) -> None:
    program = await connect(FACILITATOR)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET archived_at = :now"), {"now": NOW})
    assert problem(await program.get(f"{API}/members")) == (404, "not_found")
    assert (await program.get("/api/v1/me")).json()["group"] is None


async def test_another_group_does_not_exist_even_for_its_own_person(
    app: Litestar, database: Database, territory: Territory
) -> None:
    """The same person facilitates both groups: a token opens the one it was made for."""
    other = await make_territory(database, NOW, slug="autre")
    assert other.people[FACILITATOR] == territory.people[FACILITATOR]
    program = Program(app, await token_of(database, territory.people[FACILITATOR], territory.group_id, NOW))
    for path in ("members", "purchases", "committees", "audit", "purchases/AG-2027-001/allocation"):
        assert problem(await program.get(f"/api/v1/groups/autre/{path}")) == (404, "not_found")
        assert problem(await program.get(f"/api/v1/groups/nowhere/{path}")) == (404, "not_found")
    assert problem(await program.post("/api/v1/groups/autre/members", {})) == (404, "not_found")
    await program.close()


async def test_only_a_hash_is_kept_and_its_use_is_noted_now_and_then(database: Database, territory: Territory) -> None:
    person = territory.people[FACILITATOR]
    token = await token_of(database, person, territory.group_id, NOW)

    async def used(at: datetime) -> datetime | None:
        assert await read_token(database, token, at) is not None
        async with database.transaction() as session:
            row = (await session.execute(select(ApiToken).where(col(ApiToken.person_id) == person))).scalar_one()
            assert token.encode() not in (row.token_hash, row.prefix.encode(), row.name.encode())
            moment: datetime | None = row.last_used_at
            return moment

    assert await used(NOW) == NOW
    assert await used(NOW + USED_STEP) == NOW
    later = NOW + USED_STEP + timedelta(seconds=1)
    assert await used(later) == later


async def test_making_one_is_for_who_may_enter_and_leaves_a_trace(database: Database, territory: Territory) -> None:
    person = territory.people[FACILITATOR]
    other = await make_territory(database, NOW, slug="autre")
    async with database.transaction(other.group_id) as session:
        await session.execute(
            text("UPDATE memberships SET ended_at = :now WHERE person_id = :p"), {"now": NOW, "p": person}
        )
    values = {"scope": TokenScope.READ, "now": NOW}
    async with database.transaction() as session:
        with pytest.raises(NotFound):
            await make_token(session, person, other.group_id, name="x", expires_at=None, **values)  # type: ignore[arg-type]
        with pytest.raises(Invalid):
            await make_token(session, person, territory.group_id, name=" ", expires_at=None, **values)  # type: ignore[arg-type]
        with pytest.raises(Invalid):
            await make_token(session, person, territory.group_id, name="x", expires_at=NOW, **values)  # type: ignore[arg-type]
        await make_token(session, person, territory.group_id, name="x", expires_at=None, **values)  # type: ignore[arg-type]
        token_id = (await tokens_listed(session, person_id=person))[0].id
        for _ in range(2):
            await revoke_token(session, token_id, NOW)
    async with database.transaction(territory.group_id) as session:
        names = await session.execute(select(col(Event.name)).where(col(Event.name).like("token.%")))
        assert sorted(names.scalars()) == ["token.created", "token.revoked"]


async def test_every_person_sees_itself(connect: Connect) -> None:
    for email, (role, code) in PEOPLE.items():
        said = (await (await connect(email)).get("/api/v1/me")).json()
        assert (said["email"], said["roles"][0]["role"], said["roles"][0]["member"]) == (email, role, code)
