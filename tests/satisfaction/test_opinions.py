"""What people think afterwards: asked once by mail, answered behind its link, counted without names."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect
from factories import ARCACHON, LUGOS, NOW, Territory, open_purchase
from ground.database import OUR_FEATURES
from pooling.accounts.models import Person
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import HeldRole
from pooling.outbox.models import Message
from pooling.reminders.sweep import sweep
from pooling.satisfaction.forgetting import forget_comments
from pooling.satisfaction.models import Opinion
from pooling.satisfaction.rules import GOOD, Satisfaction
from web_client import Browser, SignIn, text_of

REFERENT, OTHER = "referent@lugos.example", "referent@arcachon.example"


def satisfaction_of(marks: Iterable[tuple[int, int]]) -> Satisfaction:
    return sum((Satisfaction(1, one + two, int(min(one, two) >= GOOD)) for one, two in marks), Satisfaction())


@pytest.mark.parametrize(
    ("marks", "mean", "rate"),
    [
        ([], None, None),
        ([(5, 5)], 5, 1),
        ([(5, 3), (4, 4)], 4, Fraction(1, 2)),
        ([(1, 1), (5, 4), (4, 5)], Fraction(20, 6), Fraction(2, 3)),
    ],
)
def test_satisfied_is_who_gives_two_good_marks(
    marks: list[tuple[int, int]], mean: Fraction | None, rate: Fraction | None
) -> None:
    found = satisfaction_of(marks)
    assert (found.mean, found.rate) == (mean, rate)


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5))), st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)))
)
def test_opinions_add_up(some: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    whole = satisfaction_of([*some, *more])
    assert whole == satisfaction_of(some) + satisfaction_of(more)
    assert whole == satisfaction_of([*more, *some])
    assert whole == Satisfaction() or (1 <= (whole.mean or 0) <= 5 and 0 <= (whole.rate or 0) <= 1)


async def delivered(database: Database, territory: Territory) -> int:
    purchase_id = await open_purchase(database, territory, NOW, participants=(ARCACHON, LUGOS))
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET state = 'delivered' WHERE id = :id"), {"id": purchase_id})
        await session.execute(
            text(
                "INSERT INTO events (group_id, at, subject_kind, subject_id, name, details) "
                "VALUES (:group, :at, 'purchase', :id, 'purchase.delivered', '{}')"
            ),
            {"group": territory.group_id, "at": NOW, "id": purchase_id},
        )
    return purchase_id


async def asked(database: Database, territory: Territory, at: datetime) -> list[tuple[str, str]]:
    """Who was mailed, and the link that the mail has."""
    kinds = [kind for kind in OUR_FEATURES.kinds if kind.name == "opinion_purchase"]
    await sweep(database, kinds, FixedClock(at), base_url="http://x")
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Message.recipient), col(Message.body_text))
            .where(col(Message.kind) == "opinion_purchase")
            .order_by(col(Message.recipient))
        )
        return [(to, re.findall(r"http://x(/avis/\S+)", body)[0]) for to, body in rows]


async def test_an_opinion_is_asked_once_and_given_behind_the_link(
    database: Database, territory: Territory, visitor: Browser, sign_in: SignIn, connect: Connect
) -> None:
    await delivered(database, territory)
    assert await asked(database, territory, NOW + timedelta(days=2)) == []
    mailed = await asked(database, territory, NOW + timedelta(days=3, hours=9))
    assert [to for to, _ in mailed] == [OTHER, REFERENT]
    assert await asked(database, territory, NOW + timedelta(days=4)) == mailed
    link = mailed[1][1]
    page = await visitor.get(link)
    assert page.status_code == 200
    assert "Ce que vous avez reçu répond-il à votre besoin ?" in text_of(page)
    wrong = await visitor.post(link, {"first": "5", "comment": "Parfait"}, page=link)
    assert wrong.status_code == 422
    assert 'id="erreur-champ-second"' in wrong.text
    assert "Parfait</textarea>" in wrong.text
    for second in ("2", "4"):  # the second answer replaces the first
        form = {"first": "5", "second": second, "comment": "Un rayon de moins"}
        assert (await visitor.post(link, form, page=link)).headers["location"] == link
    async with database.transaction(territory.group_id) as session:
        (kept,) = (await session.execute(select(Opinion))).scalars()
        assert (kept.first, kept.second) == (5, 4)
    for other in (link[:-3] + "xxx", link.replace("/achat/", "/comite/"), link.replace("/achat/", "/x/")):
        assert (await visitor.get(other)).status_code == 404, other
    figures = (await (await connect(REFERENT)).get(f"{API}/indicators")).json()["figures"]
    found = {one["code"]: one["value"] for one in figures}
    assert (found["satisfied"], found["mark"]) == ("1", "4.5")
    shown = text_of(await (await sign_in(OTHER)).get("/g/bassin/indicateurs/satisfied"))
    assert "Un rayon de moins" in shown
    assert "referent" not in shown.partition("De quoi ce chiffre est fait")[2]
    async with database.transaction(territory.group_id) as session:
        await forget_comments(session, datetime(2030, 1, 1, tzinfo=UTC))
        assert (await session.execute(select(col(Opinion.comment)))).scalar_one() == ""


async def test_who_is_signed_in_is_asked_in_the_pages_until_it_has_said(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Of a delivery and of a committee; whoever has said it here is mailed nothing."""
    await delivered(database, territory)
    async with database.transaction(territory.group_id) as session:
        caller = territory.caller("animation@bassin.example", HeldRole(Role.FACILITATOR))
        tomorrow = NOW.date() + timedelta(days=1)
        command = CommitteeIn(day=tomorrow, hour=NOW.time(), place="Mairie", roles=(Role.REFERENT,))
        committee = await schedule_committee(session, caller, command, NOW)
        await session.execute(
            text("UPDATE committees SET state = 'held', starts_at = :at, ends_at = :until WHERE id = :id"),
            {"at": NOW - timedelta(days=1), "until": NOW - timedelta(hours=22), "id": committee},
        )
        await session.execute(
            text("UPDATE committee_invitations SET present = (person_id = :who)"), {"who": territory.people[REFERENT]}
        )
    browser, other = await sign_in(REFERENT), await sign_in(OTHER)
    purchase, meeting = "/g/bassin/achats/AG-2027-001", f"/g/bassin/comites/{committee}"
    home, sentences = "/g/bassin", ("Donner votre avis sur la livraison", "Donner votre avis sur la réunion")
    own, theirs = text_of(await browser.get(home)), text_of(await other.get(home))
    assert [(said in own, said in theirs) for said in sentences] == [(True, True), (True, False)]
    assert sentences[0] in text_of(await browser.get(purchase))
    assert re.search(r"Comité de suivi du \d+ mars 2027", own), "which of many"
    assert "deux questions pour mieux préparer" in text_of(await browser.get(meeting))
    assert "Votre avis" not in text_of(await other.get(meeting))
    assert (await other.get(f"{meeting}/avis")).status_code == 404
    assert (await other.post(f"{meeting}/avis", {"first": "1", "second": "1"}, page=home)).status_code == 404
    for page in (f"{purchase}/avis", f"{meeting}/avis"):
        form = {"first": "4", "second": "5", "comment": ""}
        assert 'id="erreur-champ-second"' in (await browser.post(page, {**form, "second": ""}, page=page)).text
        for first in ("4", "3"):
            assert (await browser.post(page, {**form, "first": first}, page=page)).status_code == 303
    own = text_of(await browser.get(home))
    assert [said in own for said in sentences] == [False, False]
    assert "Changer votre avis" in text_of(await browser.get(meeting))
    async with database.transaction(territory.group_id) as session:
        kept = (await session.execute(select(Opinion))).scalars().all()
    assert [(one.first, one.second) for one in kept] == [(3, 5)] * 2
    assert [to for to, _ in await asked(database, territory, NOW + timedelta(days=3, hours=9))] == [OTHER]


async def test_who_received_nothing_is_asked_nothing(
    database: Database, territory: Territory, visitor: Browser
) -> None:
    purchase_id = await delivered(database, territory)
    async with database.transaction() as session:
        key = (
            await session.execute(select(col(Person.mail_key)).where(col(Person.email) == "referent@salles.example"))
        ).scalar_one()
    assert (await visitor.get(f"/avis/bassin/achat/{purchase_id}/{key}")).status_code == 404
