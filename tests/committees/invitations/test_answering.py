"""Invited people say whether they come, themselves or by proxy; the others cannot."""

import re
from collections.abc import Sequence
from datetime import date, time, timedelta

import pytest
from sqlalchemy import text

from factories import NOW, Territory
from pooling.committees.invitations.answering import answer_invitation, void_lost_proxies
from pooling.committees.invitations.inviting import uninvite_from_committee
from pooling.committees.meetings.scheduling import cancel_committee, move_committee, schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn, MoveIn
from pooling.committees.models import Answer
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Forbidden, Invalid
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.reminders.configuration import ReminderConfiguration
from web_client import SignIn, text_of

FACILITATOR = "animation@bassin.example"
LUGOS, SALLES, ARCACHON, DROIT = (f"referent@{name}.example" for name in ("lugos", "salles", "arcachon", "droit"))
OBSERVER = "observation@bassin.example"
DAY = date(2027, 3, 30)


@pytest.fixture
def facilitator(territory: Territory) -> Caller:
    return territory.caller(FACILITATOR, HeldRole(Role.FACILITATOR))


@pytest.fixture
async def committee(database: Database, territory: Territory, facilitator: Caller) -> int:
    """To which the référents are invited."""
    command = CommitteeIn(day=DAY, hour=time(14), place="Mairie", agenda="Un point", roles=(Role.REFERENT,))
    async with database.transaction(territory.group_id) as session:
        return await schedule_committee(session, facilitator, command, NOW)


class Answering:
    """Answers as people, and reads back what is kept."""

    def __init__(self, database: Database, territory: Territory, committee: int, clock: FixedClock) -> None:
        self.database, self.territory, self.committee, self.clock = database, territory, committee, clock

    async def give(self, who: str, answer: Answer, proxy: str | None = None) -> None:
        async with self.database.transaction(self.territory.group_id) as session:
            proxy_id = self.territory.people[proxy] if proxy else None
            caller = self.territory.caller(who, HeldRole(Role.REFERENT, 1))
            await answer_invitation(session, caller, self.committee, answer, self.clock, proxy_id=proxy_id)

    async def kept(self) -> dict[str, tuple[str, str | None]]:
        """The answers by who gave them, with who holds the proxy."""
        async with self.database.transaction(self.territory.group_id) as session:
            rows = await session.execute(
                text("""
                    SELECT p.email, i.answer, h.email FROM committee_invitations i JOIN people p ON p.id = i.person_id
                    LEFT JOIN people h ON h.id = i.proxy_id WHERE i.answer IS NOT NULL""")
            )
            return {email: (answer, holder) for email, answer, holder in rows}

    async def mails(self) -> Sequence[tuple[str, str]]:
        async with self.database.transaction(self.territory.group_id) as session:
            rows = await session.execute(text("SELECT recipient, subject FROM messages ORDER BY id"))
            return [(recipient, subject.replace("\u00a0", " ")) for recipient, subject in rows]


@pytest.fixture
def answering(database: Database, territory: Territory, committee: int, clock: FixedClock) -> Answering:
    return Answering(database, territory, committee, clock)


async def test_an_answer_is_kept_and_may_be_changed(answering: Answering) -> None:
    await answering.give(LUGOS, Answer.YES)
    await answering.give(LUGOS, Answer.NO)
    assert await answering.kept() == {LUGOS: ("no", None)}


async def test_the_same_answer_twice_is_one(answering: Answering) -> None:
    await answering.give(LUGOS, Answer.PROXY, SALLES)
    await answering.give(LUGOS, Answer.PROXY, SALLES)
    async with answering.database.transaction(answering.territory.group_id) as session:
        events = await session.execute(text("SELECT count(*) FROM events WHERE name = 'committee.answered'"))
        assert events.scalar_one() == 1
    assert [recipient for recipient, _ in await answering.mails()] == [SALLES]


async def test_once_it_has_begun_it_is_too_late(answering: Answering, clock: FixedClock) -> None:
    clock.instant = NOW.replace(day=30, hour=12)  # 14 h in Paris
    with pytest.raises(Conflict, match="plus à venir"):
        await answering.give(LUGOS, Answer.YES)
    clock.instant -= timedelta(seconds=1)
    await answering.give(LUGOS, Answer.YES)


async def test_who_is_not_invited_has_no_answer_to_give(answering: Answering) -> None:
    with pytest.raises(Forbidden, match="pas invité"):
        await answering.give(OBSERVER, Answer.YES)


REFUSED = [
    ("oneself", {}, LUGOS, "à soi-même"),
    ("nobody", {}, None, "Indiquez la personne"),
    ("somebody not invited", {}, OBSERVER, "personnes invitées"),
    ("somebody who does not come", {SALLES: (Answer.NO, None)}, SALLES, "ne pas venir"),
    ("somebody who gave a proxy: a chain", {SALLES: (Answer.PROXY, ARCACHON)}, SALLES, "ne se transmet pas"),
    ("somebody who holds one", {ARCACHON: (Answer.PROXY, SALLES)}, SALLES, "porte déjà un pouvoir"),
]


@pytest.mark.parametrize(("what", "before", "proxy", "sentence"), REFUSED)
async def test_who_cannot_hold_a_proxy(
    answering: Answering, what: str, before: dict[str, tuple[Answer, str | None]], proxy: str | None, sentence: str
) -> None:
    for who, (answer, holder) in before.items():
        await answering.give(who, answer, holder)
    with pytest.raises(Invalid) as refused:
        await answering.give(LUGOS, Answer.PROXY, proxy)
    assert sentence in refused.value.errors["proxy"], what
    assert LUGOS not in await answering.kept()


@pytest.mark.parametrize(("answer", "proxy"), [(Answer.NO, None), (Answer.PROXY, ARCACHON)])
async def test_a_proxy_ends_with_its_holders_coming(answering: Answering, answer: Answer, proxy: str | None) -> None:
    await answering.give(LUGOS, Answer.PROXY, SALLES)
    await answering.give(SALLES, answer, proxy)
    assert LUGOS not in await answering.kept()
    assert (LUGOS, "Votre pouvoir ne vaut plus : Comité de suivi mardi 30 mars à 14 h") in await answering.mails()


async def test_a_proxy_ends_with_its_holders_invitation(answering: Answering, facilitator: Caller) -> None:
    await answering.give(LUGOS, Answer.PROXY, SALLES)
    async with answering.database.transaction(answering.territory.group_id) as session:
        await uninvite_from_committee(
            session, facilitator, answering.committee, answering.territory.people[SALLES], NOW
        )
    assert await answering.kept() == {}
    assert [recipient for recipient, _ in await answering.mails()] == [SALLES, LUGOS]


async def test_a_proxy_ends_when_its_holder_leaves_the_group(answering: Answering, clock: FixedClock) -> None:
    await answering.give(LUGOS, Answer.PROXY, SALLES)
    await answering.give(DROIT, Answer.PROXY, ARCACHON)
    async with answering.database.transaction(answering.territory.group_id) as session:
        assert await void_lost_proxies(session, clock) == 0
        await session.execute(
            text("UPDATE memberships SET ended_at = :now WHERE person_id = :person"),
            {"now": NOW, "person": answering.territory.people[SALLES]},
        )
        assert await void_lost_proxies(session, clock) == 1
    assert await answering.kept() == {DROIT: ("proxy", ARCACHON)}
    assert (await answering.mails())[-1][0] == LUGOS


async def move(answering: Answering, facilitator: Caller, **changes: object) -> None:
    command = MoveIn.model_validate({"day": DAY, "hour": time(14), "place": "Mairie", **changes})
    async with answering.database.transaction(answering.territory.group_id) as session:
        await move_committee(
            session,
            facilitator,
            answering.committee,
            command,
            NOW,
            base_url="https://achats.example",
            reminders=ReminderConfiguration(),
        )


async def test_another_date_asks_again(answering: Answering, facilitator: Caller) -> None:
    await answering.give(LUGOS, Answer.PROXY, SALLES)
    await answering.give(ARCACHON, Answer.YES)
    await move(answering, facilitator, day=date(2027, 4, 6))
    assert await answering.kept() == {}
    told = [recipient for recipient, subject in await answering.mails() if "déplacé" in subject]
    assert told == [ARCACHON, LUGOS], "those who had answered, though no mail had told them the former date"


async def unsent(answering: Answering) -> Sequence[str]:
    """Whose mails about proxies still are to leave."""
    async with answering.database.transaction(answering.territory.group_id) as session:
        rows = await session.execute(
            text("SELECT recipient FROM messages WHERE kind = 'committee_proxy' AND state = 'queued' ORDER BY id")
        )
        return list(rows.scalars())


async def test_a_proxy_for_a_date_that_is_no_more_is_not_told(answering: Answering, facilitator: Caller) -> None:
    await answering.give(LUGOS, Answer.PROXY, SALLES)
    await move(answering, facilitator, place="Médiathèque")
    assert await unsent(answering) == [SALLES], "it still holds"
    await move(answering, facilitator, day=date(2027, 4, 6))
    assert await unsent(answering) == []
    await answering.give(LUGOS, Answer.PROXY, SALLES)
    async with answering.database.transaction(answering.territory.group_id) as session:
        await cancel_committee(
            session,
            facilitator,
            answering.committee,
            NOW,
            reason="neige",
            base_url="https://achats.example",
            reminders=ReminderConfiguration(),
        )
    assert await unsent(answering) == []


async def test_another_place_keeps_the_answers(answering: Answering, facilitator: Caller) -> None:
    await answering.give(LUGOS, Answer.YES)
    await move(answering, facilitator, place="Médiathèque")
    assert await answering.kept() == {LUGOS: ("yes", None)}


async def test_the_page_asks_and_keeps(territory: Territory, sign_in: SignIn, committee: int) -> None:
    browser = await sign_in(LUGOS)
    home = text_of(await browser.get("/g/bassin"))
    assert "Répondre à l’invitation : Comité de suivi" in home
    page = f"/g/bassin/comites/{committee}/reponse"
    shown = text_of(await browser.get(page))
    assert "Mardi 30 mars 2027 à 14 h, jusqu’à 16 h (heure de Paris)" in shown
    answered = await browser.post(page, {"answer": "yes"}, page=page)
    assert answered.headers["location"] == f"/g/bassin/comites/{committee}"
    assert "Vous avez répondu : vous venez" in text_of(await browser.get(page))
    home = text_of(await browser.get("/g/bassin"))
    assert "Préparer : Comité de suivi" in home
    assert "Répondre à l’invitation" not in home


async def test_an_answer_for_a_date_that_has_changed_is_asked_again(
    territory: Territory, sign_in: SignIn, answering: Answering, facilitator: Caller, committee: int
) -> None:
    browser = await sign_in(LUGOS)
    page = f"/g/bassin/comites/{committee}/reponse"
    seen = re.search(r'name="seen" value="([^"]+)"', (await browser.get(page)).text)
    assert seen is not None
    await move(answering, facilitator, day=date(2027, 4, 6))
    late = await browser.post(page, {"answer": "yes", "seen": seen[1]}, page=page)
    assert (late.status_code, "déplacée entre-temps" in text_of(late)) == (422, True)
    assert "Mardi 6 avril 2027" in text_of(late)
    assert await answering.kept() == {}
    again = re.search(r'name="seen" value="([^"]+)"', late.text)
    assert again is not None
    assert (await browser.post(page, {"answer": "yes", "seen": again[1]}, page=page)).status_code == 303


async def test_the_sign_in_comes_back_to_the_page(territory: Territory, visitor: object, sign_in: SignIn) -> None:
    browser = await sign_in(LUGOS)
    browser.client.cookies.clear()
    answer = await browser.get("/g/bassin/comites/1/reponse")
    assert answer.headers["location"] == "/connexion?suite=/g/bassin/comites/1/reponse"


async def test_a_proxy_is_found_by_address_or_chosen_among_namesakes(
    territory: Territory, sign_in: SignIn, answering: Answering, committee: int
) -> None:
    browser = await sign_in(LUGOS)
    page = f"/g/bassin/comites/{committee}/reponse"
    empty = await browser.post(page, {"answer": "proxy", "proxy": ""}, page=page)
    assert (empty.status_code, "Indiquez la personne" in text_of(empty)) == (422, True)
    unknown = await browser.post(page, {"answer": "proxy", "proxy": "observation"}, page=page)
    assert "Personne parmi les invités" in text_of(unknown)
    several = await browser.post(page, {"answer": "proxy", "proxy": "referent"}, page=page)
    assert (several.status_code, "Quelle personne" in text_of(several)) == (422, True)
    chosen = {"answer": "proxy", "proxy": "referent", "proxy_id": territory.people[ARCACHON]}
    assert (await browser.post(page, chosen, page=page)).status_code == 303
    assert (await answering.kept())[LUGOS] == ("proxy", ARCACHON)
    by_address = {"answer": "proxy", "proxy": SALLES.upper()}
    assert (await browser.post(page, by_address, page=page)).status_code == 303
    assert (await answering.kept())[LUGOS] == ("proxy", SALLES)
    holder = await sign_in(SALLES)
    assert "referent vous a donné pouvoir" in text_of(await holder.get(page))


async def test_a_choice_that_was_not_offered_is_none(territory: Territory, sign_in: SignIn, committee: int) -> None:
    browser = await sign_in(LUGOS)
    page = f"/g/bassin/comites/{committee}/reponse"
    forged = {"answer": "proxy", "proxy": "referent", "proxy_id": territory.people[OBSERVER]}
    assert (await browser.post(page, forged, page=page)).status_code == 422


async def test_the_others_see_that_they_are_not_invited(territory: Territory, sign_in: SignIn, committee: int) -> None:
    browser = await sign_in(OBSERVER)
    page = f"/g/bassin/comites/{committee}/reponse"
    assert "Vous n’êtes pas invité" in text_of(await browser.get(page))
    assert (await browser.post(page, {"answer": "yes"})).status_code == 403
    assert "Répondre à l’invitation" not in text_of(await browser.get(f"/g/bassin/comites/{committee}"))
