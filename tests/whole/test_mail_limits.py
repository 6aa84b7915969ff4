"""Whatever sends mail at somebody's click stops at its limit, says so, and sends nothing more."""

from collections.abc import Awaitable, Callable
from datetime import date, time

import pytest
from sqlalchemy import text

from factories import NOW, Territory, open_purchase
from pooling.accounts.throttle import DAY, Allowance
from pooling.committees.invitations.answering import PROXIES_GIVEN, PROXIES_NOTED
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.notices.changes import CHANGES
from pooling.kernel.database import Database
from pooling.mailroom.trial import TRIALS
from pooling.members.entrance import caller_of
from pooling.members.inviting import BUYERS, INVITATIONS
from pooling.members.models import Role
from pooling.needs.notices import NOTICES
from web_client import SignIn, text_of

FACILITATOR, BUYER = "animation@bassin.example", "achats@cobas.example"
LEAD, LUGOS, SALLES = (f"referent@{name}.example" for name in ("arcachon", "lugos", "salles"))
PURCHASE = "/g/bassin/achats/AG-2027-001"
NEW = {"email": "x@arcachon.example", "name": "X", "function": ""}
MOVED = {"day": "2027-04-06", "hour": "14:00", "duration": "60", "place": "Mairie", "reason": "Salle prise"}
PROXY = {"answer": "proxy", "proxy": SALLES}


async def committee(database: Database, territory: Territory) -> int:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        command = CommitteeIn(day=date(2027, 3, 30), hour=time(14), place="Mairie", roles=(Role.REFERENT,))
        return await schedule_committee(session, caller, command, NOW)


async def purchase(database: Database, territory: Territory) -> int:
    return await open_purchase(database, territory, NOW)


Ground = Callable[[Database, Territory], Awaitable[int]]
ACTS: list[tuple[Allowance, Ground, str, str, dict[str, str]]] = [
    (INVITATIONS, committee, FACILITATOR, "/g/bassin/personnes/invitation", {**NEW, "role": "reader", "member": ""}),
    (INVITATIONS, committee, FACILITATOR, "/g/bassin/personnes/liste", {"liste": "x@arcachon.example;X;;observation;"}),
    (BUYERS, purchase, LEAD, f"{PURCHASE}/acheteurs", NEW),
    (PROXIES_GIVEN, committee, LUGOS, "/g/bassin/comites/{id}/reponse", PROXY),
    (PROXIES_NOTED, committee, FACILITATOR, "/g/bassin/comites/{id}/personnes/{lugos}/reponse", PROXY),
    (CHANGES, committee, FACILITATOR, "/g/bassin/comites/{id}/report", MOVED),
    (TRIALS, committee, FACILITATOR, "/g/bassin/relances/echecs/essai", {}),
    (NOTICES, purchase, "achats@arcachon.example", f"{PURCHASE}/cloture", {"reason": "Tous ont déposé"}),
]


@pytest.mark.parametrize(("allowance", "ground", "who", "address", "values"), ACTS, ids=[one[0].key for one in ACTS])
async def test_an_act_that_sends_mail_stops_at_its_limit(
    database: Database,
    territory: Territory,
    sign_in: SignIn,
    allowance: Allowance,
    ground: Ground,
    who: str,
    address: str,
    values: dict[str, str],
) -> None:
    found = await ground(database, territory)
    whose = found if allowance in {CHANGES, NOTICES} else territory.people[who]
    path = address.format(id=found, lugos=territory.people[LUGOS])
    browser = await sign_in(who)
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO throttles (key, since, count) VALUES (:key, :at, :most) "
                "ON CONFLICT (key) DO UPDATE SET count = excluded.count"
            ),
            {"key": f"{allowance.key}:{whose}", "at": NOW, "most": allowance.most},
        )
    before = await mails(database, territory)
    refused = await browser.post(path, values, page=path)
    assert refused.status_code == 429, text_of(refused)
    again = "recommencez demain" if allowance.window == DAY else "patientez quelques minutes"
    assert again in text_of(refused)
    assert await mails(database, territory) == before
    async with database.transaction() as session:
        await session.execute(text("UPDATE throttles SET count = count - 1"))
    assert (await browser.post(path, values, page=path)).status_code == 303, "one less is one too few to refuse"


async def mails(database: Database, territory: Territory) -> int:
    async with database.transaction(territory.group_id) as session:
        count: int = (await session.execute(text("SELECT count(*) FROM messages"))).scalar_one()
        return count
