"""The charter is signed in its page: by whom, which text; withdrawn with a reason; asked for until a day."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api_client import API, Connect, problem
from documents.reading_back import read_odt
from factories import LUGOS, NOW, SALLES, Territory
from pooling import PROJECT_ROOT
from pooling.charters import pages
from pooling.charters.queries import call_of, signatures_of, tally_of
from pooling.charters.schemas import SignatureIn
from pooling.charters.signing import ask_for_the_text_of_today, ask_to_sign, sign_charter
from pooling.charters.text import CharterText, body_of, read_charter
from pooling.documents.texts import read_text
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict
from pooling.members.changing import member_by_code
from pooling.members.entrance import caller_of
from pooling.members.models import Member, MemberKind
from pooling.members.rights import Caller
from pooling.outbox.models import Message
from pooling.reminders.sweep import sweep
from web_client import Browser, SignIn, features_in, text_of

FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
PAGE = "/g/bassin/charte"
MINE = f"{PAGE}/signatures/{LUGOS}"
SIGNED = {"name": "La maire de Lugos", "function": "Maire", "signed_on": "2027-02-27"}
TEXT = read_charter(PROJECT_ROOT / "config")


async def sign(browser: Browser, values: dict[str, str]) -> tuple[int, str]:
    found = re.search(r'name="fingerprint" value="([0-9a-f]{64})"', (await browser.get(MINE)).text)
    answer = await browser.post(MINE, {"fingerprint": found[1] if found else "", **values}, page=MINE)
    return answer.status_code, text_of(answer)


async def test_a_member_signs_withdraws_and_signs_again(sign_in: SignIn) -> None:
    referent, facilitator = await sign_in(REFERENT), await sign_in(FACILITATOR)
    assert (await referent.get(f"{PAGE}/versions/1/charte.pdf")).status_code == 404
    status, told = await sign(referent, {**SIGNED, "function": ""})
    assert (status, "à quel titre" in told) == (422, True)
    assert "jour à venir" in (await sign(referent, {**SIGNED, "signed_on": "2027-03-02"}))[1]
    status, told = await sign(referent, {**SIGNED, "fingerprint": "0" * 64})
    assert (status, "a changé depuis" in told) == (422, True)
    assert (await sign(referent, SIGNED))[0] == 303
    assert (await referent.post(f"{PAGE}/signatures/{SALLES}", SIGNED, page=PAGE)).status_code == 403
    assert "La maire de Lugos" in text_of(await facilitator.get(PAGE))
    for kind in ("pdf", "odt", "docx"):
        copy = await facilitator.get(f"{PAGE}/versions/1/charte.{kind}")
        assert (copy.status_code, len(copy.content) > 1_000) == (200, True)
    assert "Dites pourquoi" in text_of(await referent.post(f"{MINE}/retrait", {"reason": ""}, page=MINE))
    assert (await referent.post(f"{MINE}/retrait", {"reason": "Signée trop tôt"}, page=MINE)).status_code == 303
    assert "Signée trop tôt" in text_of(await facilitator.get(MINE))
    assert (await sign(referent, SIGNED))[0] == 303
    journal = text_of(await facilitator.get("/g/bassin/journal"))
    assert "a retiré la signature de Lugos de la version 1 de la charte" in journal


async def test_the_page_shows_the_first_members_and_says_that_files_name_more(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    facilitator = await sign_in(FACILITATOR)
    whole = text_of(await facilitator.get(PAGE))
    assert "sont montrés ici" not in whole
    monkeypatch.setattr(pages, "MOST_SHOWN", 2)
    shown = text_of(await facilitator.get(PAGE)).replace("\u00a0", " ")
    assert "Des membres, les 2 premiers sont montrés ici ; les fichiers en nomment 4." in shown
    named = read_odt((await facilitator.get(f"{PAGE}.odt")).content)
    assert any("Université" in said for _, said in named)


async def test_programs_sign_what_they_read(connect: Connect) -> None:
    api, charter = await connect(FACILITATOR), f"{API}/charter"
    found = (await api.get(charter)).json()
    assert (found["version"], found["signed"], found["sign_by"]) == (1, 0, None)
    sent = {**SIGNED, "fingerprint": found["fingerprint"]}
    one = f"{charter}/signatures/{LUGOS}"
    assert problem(await api.post(one, {**sent, "fingerprint": "0" * 64})) == (409, "charter_changed")
    assert (await api.post(one, sent)).json()["version"] == 1
    assert problem(await api.post(one, sent)) == (409, "charter_signed")
    lines = (await api.get(f"{charter}/signatures")).json()["items"]
    assert [line["code"] for line in lines if line["version"]] == [LUGOS]
    asked = await api.put(f"{charter}/call", {"sign_by": "2027-04-01"})
    assert (asked.json()["sign_by"], asked.json()["signed"]) == ("2027-04-01", 1)
    assert (await api.post(f"{one}/withdrawal", {"reason": "Erreur"})).json()["withdrawn"] is True
    assert (await api.get(charter)).json()["signed"] == 0


async def test_those_who_have_not_signed_are_reminded_and_another_text_asks_again(
    database: Database, territory: Territory, sign_in: SignIn, tmp_path: Path
) -> None:
    kinds = features_in((await sign_in(FACILITATOR)).app).kinds

    async def swept(day: date) -> list[str]:
        moment = NOW.replace(month=day.month, day=day.day)
        for _ in range(2):
            await sweep(database, kinds, FixedClock(moment), base_url="https://achats.example")
        async with database.transaction(territory.group_id) as session:
            mails = select(Message).where(col(Message.kind) == "charter_signature", col(Message.created_at) == moment)
            return sorted(mail.recipient for mail in (await session.execute(mails)).scalars())

    async def caller(session: AsyncSession) -> Caller:
        return await caller_of(session, territory.people[FACILITATOR], territory.group_id)

    today = body_of(TEXT, "Bassin", NOW)
    command = SignatureIn(name="La maire", function="Maire", signed_on=NOW.date())
    assert await swept(date(2027, 3, 17)) == []
    async with database.transaction(territory.group_id) as session:
        await ask_to_sign(session, await caller(session), date(2027, 4, 1), today, NOW)
    first = await swept(date(2027, 3, 18))
    assert REFERENT in first
    async with database.transaction(territory.group_id) as session:
        lugos = await member_by_code(session, LUGOS)
        await sign_charter(session, await caller(session), lugos, command, today, NOW)
        unit = Member(**lugos.model_dump(exclude={"kind"}), kind=MemberKind.INTERNAL_UNIT)
        for who, why in ((lugos, "charter_signed"), (unit, "unit_does_not_sign")):
            with pytest.raises(Conflict) as refused:
                await sign_charter(session, await caller(session), who, command, today, NOW)
            assert refused.value.code == why
    assert await swept(date(2027, 3, 30)) == [address for address in first if address != REFERENT]
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "charter.md.j2").write_text("# Charte\n\nUn autre texte.\n", encoding="utf-8")
    other = body_of(
        CharterText(read_text(tmp_path, "charter", ({"group": "x", "members": [], "more_members": 0},))), "Bassin", NOW
    )
    async with database.transaction(territory.group_id) as session:
        await ask_to_sign(session, await caller(session), date(2027, 4, 1), other, NOW + timedelta(days=30))
        call, tally = await call_of(session), await tally_of(session, 2)
        assert call is not None
        assert (call.version, call.revision, tally.signed, tally.earlier) == (2, 2, 0, 1)
        await sign_charter(session, await caller(session), lugos, command, other, NOW)
        assert [one.version for one in await signatures_of(session, lugos.id)] == [2, 1]


async def test_the_sweep_asks_anew_for_the_text_of_today(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await sign_in(FACILITATOR)  # hands the features to the database
    stale = body_of(TEXT, "Un autre nom", NOW)
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        await ask_to_sign(session, caller, date(2027, 4, 1), stale, NOW)
        assert [await ask_for_the_text_of_today(session, FixedClock(NOW)) for _ in range(2)] == [1, 0]
        call = await call_of(session)
        assert call is not None
        assert (call.version, call.sign_by) == (2, date(2027, 4, 1))
