"""Allocation keys that a committee decides: percents, weights and mixes, with the editor of the costs' own pages."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from factories import LUGOS, NOW, SALLES, Territory, open_purchase
from pooling.allocation.editing import member_numbers as member_lists
from pooling.allocation.models import Charge
from pooling.committees.decisions.recording import add_decision
from pooling.committees.decisions.schemas import DecisionIn
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from web_client import Browser, SignIn, text_of

FACILITATOR = "animation@bassin.example"
SEVENTY = {"mix": [{"percent": "70", "key": "equal"}, {"percent": "30", "key": "quantity"}]}


@dataclass
class Decided:
    """A decision about a purchase with one charge, « Pose », and the browser of who writes it down."""

    database: Database
    territory: Territory
    browser: Browser
    url: str
    of: str
    """Ends the names of the charge's fields."""

    async def effect(self, typed: dict[str, str]) -> httpx.Response:
        page = f"{self.url}/effet"
        values = {"act": "change_terms", **typed}
        return await self.browser.post(page, values, page=f"{page}?acte=change_terms")

    async def read(self, path: str = "") -> str:
        return plain(await self.browser.get(self.url + path))

    async def apply(self) -> httpx.Response:
        return await self.browser.post(f"{self.url}/application", page=f"{self.url}/application")

    async def one(self, statement: str, **values: object) -> tuple[Any, ...]:
        async with self.database.transaction(self.territory.group_id) as session:
            return tuple((await session.execute(text(statement), values)).one())

    def box(self, kind: str, code: str) -> str:
        return f"{kind}{self.of}-{self.territory.members[code]}"


def plain(answer: httpx.Response) -> str:
    return text_of(answer).replace("\u00a0", " ").replace("\u202f", " ")


@pytest_asyncio.fixture
async def decided(database: Database, territory: Territory, clock: FixedClock, sign_in: SignIn) -> Decided:
    purchase_id = await open_purchase(database, territory, NOW)
    clock.instant = now = NOW + timedelta(days=5, hours=1)
    async with database.transaction(territory.group_id) as session:
        facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        command = CommitteeIn(day=now.date(), hour=NOW.time(), place="Mairie")
        committee_id = await schedule_committee(session, facilitator, command, NOW)
        decision = DecisionIn(content="La pose se paie autrement.", about=("purchase", purchase_id))
        await add_decision(session, facilitator, committee_id, decision, now)
        charge = Charge(
            group_id=territory.group_id, purchase_id=purchase_id, code="pose", label="Pose", amount_cents=1000,
            key=SEVENTY, items=["arceau"], scope=[SALLES],
        )  # fmt: skip
        session.add(charge)
        await session.flush()
        of = f"-{charge.id}"
    url = f"/g/bassin/comites/{committee_id}/decisions/1"
    return Decided(database, territory, await sign_in(FACILITATOR), url, of)


async def test_percents_say_what_they_miss_are_kept_then_name_who_pays(decided: Decided) -> None:
    lugos, salles = decided.box("percents", LUGOS), decided.box("percents", SALLES)
    typed = {f"key{decided.of}": "percents", "delivery_expected_on": "2027-09-01"}
    asked = await decided.effect(typed)
    assert (asked.status_code, "Encore une étape" in text_of(asked)) == (200, True)
    assert 'value="2027-09-01"' in asked.text, "what was typed is kept"
    typed |= {f"shown{decided.of}": "percents", lugos: "62,5"}
    for share, said in (("35", "Il manque 2,5 points"), ("40", "Il y a 2,5 points de trop")):
        wrong = await decided.effect({**typed, salles: share})
        assert (wrong.status_code, said in plain(wrong)) == (422, True)
        assert f'name="{salles}" type="text" inputmode="decimal" value="{share}"' in wrong.text
    assert await decided.one("SELECT act, terms FROM decisions") == (None, {}), "nothing was stored"

    assert (await decided.effect({**typed, salles: "37,5"})).status_code == 303
    assert 'value="62,5"' in (await decided.browser.get(f"{decided.url}/effet?acte=change_terms")).text
    for page in ("", "/application"):
        words = "« Pose » réparti selon des pourcentages fixes (Lugos 62,5 %, Salles 37,5 %)"
        assert words in await decided.read(page), page
    assert (await decided.apply()).status_code == 303
    shares = {"percents": {LUGOS: "62.5", SALLES: "37.5"}}
    assert await decided.one("SELECT key, items, scope FROM charges") == (shares, None, None)
    traced = await decided.one("SELECT name, details #> '{after,key}' FROM events WHERE decision_id IS NOT NULL "
                               "AND name = 'charge.changed'")  # fmt: skip
    assert traced == ("charge.changed", shares)


async def test_a_mix_begins_with_what_stands_and_keeps_who_shares(decided: Decided) -> None:
    of = decided.of
    asked = await decided.effect({f"key{of}": "mix", "step": "fields"})
    assert "Encore une étape" not in text_of(asked)
    assert f'name="part{of}-1" type="text" inputmode="decimal" value="70"' in asked.text
    typed = {f"key{of}": "mix", f"shown{of}": "mix", f"part{of}-1": "50", f"part-key{of}-1": "equal"}
    typed |= {f"part-key{of}-2": "population"}
    short = await decided.effect({**typed, f"part{of}-2": "40"})
    assert (short.status_code, "Pose, parties de la clé mixte : Il manque 10 points" in plain(short)) == (422, True)
    assert (await decided.effect({**typed, f"part{of}-2": "50 %"})).status_code == 303
    assert "« Pose » réparti 50 % à parts égales, 50 % selon la population municipale" in await decided.read()
    assert (await decided.apply()).status_code == 303
    mixed = {"mix": [{"percent": "50", "key": "equal"}, {"percent": "50", "key": "population"}]}
    assert await decided.one("SELECT key, items, scope FROM charges") == (mixed, None, [SALLES])


async def test_beyond_a_few_hundred_members_weights_are_pasted(
    decided: Decided, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_lists, "MOST_BOXES", 1)
    name = f"weights{decided.of}"
    asked = await decided.effect({f"key{decided.of}": "weights"})
    assert f'<textarea class="input" id="champ-{name}"' in asked.text
    assert decided.box("weights", LUGOS) not in asked.text
    typed = {f"key{decided.of}": "weights", f"shown{decided.of}": "weights"}
    odd = await decided.effect({**typed, name: f"{LUGOS};2\n999;1"})
    assert (odd.status_code, "Ligne 2 : « 999 » ne participe pas" in plain(odd)) == (422, True)
    assert (await decided.effect({**typed, name: f"{SALLES};0,5\n{LUGOS};2"})).status_code == 303
    assert "selon des poids propres (Lugos poids 2, Salles poids 0,5)" in await decided.read()


GONE = {
    f"DELETE FROM participations WHERE member_id = (SELECT id FROM members WHERE code = '{SALLES}')": (
        "Un des membres désignés ne participe plus à cet achat"
    ),
    "DELETE FROM charges WHERE code = 'pose'": "Les frais « pose » dont la clé devait changer n’existent plus",
}


@pytest.mark.parametrize(("meanwhile", "said"), GONE.items())
async def test_what_is_gone_meanwhile_is_told_and_nothing_is_done(decided: Decided, meanwhile: str, said: str) -> None:
    typed = {f"key{decided.of}": "percents", f"shown{decided.of}": "percents", decided.box("percents", SALLES): "100"}
    assert (await decided.effect(typed)).status_code == 303
    await decided.one(f"{meanwhile} RETURNING 1")
    refused = await decided.apply()
    assert (refused.status_code, said in plain(refused)) == (422, True)
    assert await decided.one("SELECT acted_at, state FROM decisions") == (None, "open")
