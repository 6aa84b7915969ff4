"""What members lend to each other: offered, found, asked for, answered, ended, used; never more than there is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api_client import API, Connect, problem
from factories import ARCACHON, LUGOS, NOW, SALLES, Territory
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Forbidden, Invalid
from pooling.kernel.events import Event
from pooling.kernel.slices import Slice
from pooling.members.entrance import caller_of
from pooling.members.merging import MergeIn, merge
from pooling.members.models import Member
from pooling.members.retiring import RetirementIn, retire_member
from pooling.outbox.models import Message
from pooling.resources.finding import find_lending, units_lent
from pooling.resources.forgetting import forget_purposes
from pooling.resources.lending import NotFree, agree, ask_for
from pooling.resources.models import Lending, LendingState, Resource, ResourceKind, ResourceState
from pooling.resources.offering import offer_resource
from pooling.resources.queries import Wanted, resources_listed
from pooling.resources.rules import Span, days_in, first_lacking, mask_of, week_words
from pooling.resources.schemas import AskIn, ResourceIn
from pooling.sites.keeping import add_site
from pooling.sites.schemas import SiteIn
from web_client import SignIn, text_of

FACILITATOR, READER = "animation@bassin.example", "observation@bassin.example"
OWNER, ASKER, OTHER = "referent@arcachon.example", "referent@lugos.example", "referent@salles.example"
TODAY = date(2027, 3, 1)  # a Monday
TUESDAY = date(2027, 3, 2)
LIST = "/g/bassin/ressources"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (range(1, 8), "tous les jours"),
        (range(1, 6), "du lundi au vendredi"),
        ([2], "le mardi"),
        ([2, 3], "le mardi et le mercredi"),
        ([1, 3, 5], "le lundi, le mercredi et le vendredi"),
    ],
)
def test_days_of_the_week_are_said_as_people_say_them(days: list[int], words: str) -> None:
    assert week_words(mask_of(days)) == words
    assert list(days_in(mask_of(days))) == list(days)


@given(
    st.dates(date(2027, 1, 1), date(2027, 2, 1)),
    st.integers(0, 60),
    st.integers(1, 127),
    st.integers(1, 5),
    st.integers(1, 5),
    st.dictionaries(st.dates(date(2027, 1, 1), date(2027, 3, 1)), st.integers(0, 5)),
)
def test_what_is_lacking_is_the_first_day_that_cannot_hold_it(
    first: date, length: int, days: int, units: int, quantity: int, lent: dict[date, int]
) -> None:
    offered = Span(date(2027, 1, 10), date(2027, 2, 10), 0b11111)
    asked = list(Span(first, first + timedelta(days=length), days).dates())
    held = [day in offered and lent.get(day, 0) + units <= quantity for day in asked]
    lacking = first_lacking(asked, units, offered, quantity, lent)
    assert (lacking is None) == all(held)
    if lacking is not None:
        assert asked[held.index(False)] == lacking[0]
        assert 0 <= lacking[1] < units


@dataclass
class Lender:
    """Acts in transactions of its own, as the people of the territory."""

    database: Database
    territory: Territory

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        async with self.database.transaction(self.territory.group_id) as session:
            yield session

    async def site(self, code: str = ARCACHON, **values: str) -> int:
        async with self.session() as session:
            caller = await caller_of(session, self.territory.people[FACILITATOR], self.territory.group_id)
            member = await session.get_one(Member, (self.territory.group_id, self.territory.members[code]))
            command = SiteIn(**{"name": "Mairie", **values})
            return (await add_site(session, caller, member, command, NOW)).id

    async def offer(self, site_id: int, code: str = ARCACHON, **values: Any) -> int:  # noqa: ANN401 - of the command
        known: dict[str, object] = {
            "site_id": site_id,
            "kind": ResourceKind.DESK,
            "title": "Bureaux",
            "quantity": 2,
            "days": mask_of(range(1, 6)),
            "from_day": TODAY,
        }
        async with self.session() as session:
            caller = await caller_of(session, self.territory.people[FACILITATOR], self.territory.group_id)
            member = await session.get_one(Member, (self.territory.group_id, self.territory.members[code]))
            command = ResourceIn.model_validate({**known, **values})
            return (await offer_resource(session, caller, member, command, NOW)).resource.id

    async def ask(self, resource_id: int, email: str = ASKER, code: str = LUGOS, **values: Any) -> int:  # noqa: ANN401 - of the command
        known: dict[str, object] = {"units": 1, "first_day": TUESDAY, "last_day": TUESDAY, "purpose": "Un agent"}
        async with self.session() as session:
            caller = await caller_of(session, self.territory.people[email], self.territory.group_id)
            command = AskIn.model_validate({**known, **values})
            member_id = self.territory.members[code]
            return (await ask_for(session, caller, resource_id, member_id, command, NOW, TODAY)).lending.id

    async def agree(self, lending_id: int, email: str = OWNER) -> None:
        async with self.session() as session:
            caller = await caller_of(session, self.territory.people[email], self.territory.group_id)
            await agree(session, caller, lending_id, NOW)

    async def lending(self, lending_id: int) -> Lending:
        async with self.session() as session:
            return (await find_lending(session, lending_id)).lending

    async def mails(self) -> list[tuple[str, str]]:
        async with self.session() as session:
            rows = await session.execute(
                select(col(Message.recipient), col(Message.subject))
                .where(col(Message.kind) == "resource_notice")
                .order_by(col(Message.id))
            )
            return [(recipient, subject) for recipient, subject in rows]


@pytest.fixture
def lender(database: Database, territory: Territory) -> Lender:
    return Lender(database, territory)


OFFER = {
    "kind": "desk", "title": "Bureaux du premier étage", "quantity": "2", "from_day": "2027-03-01", "until_day": "",
    "price": "12,50", "conditions": "Badge à l’accueil",
}  # fmt: skip


async def test_desks_are_offered_asked_for_lent_and_used(lender: Lender, sign_in: SignIn, database: Database) -> None:
    site = await lender.site(street="1 place de la Mairie", postcode="33120", city="Arcachon")
    owner = await sign_in(OWNER)
    new = f"/g/bassin/membres/{ARCACHON}/ressources/nouvelle"
    offered = {**OFFER, "site_id": str(site), "days": ["2", "4"]}
    answer = await owner.post(new, offered, page=new)
    assert answer.status_code == 303, text_of(answer)
    page = str(answer.headers["location"])
    asker = await sign_in(ASKER)
    shown = text_of(await asker.get(page))
    assert "le mardi et le jeudi, depuis le 01/03/2027" in shown
    assert "12,50 € par jour et par unité, TTC" in shown
    assert "mardi 2 mars 2027 0 2" in shown
    assert "lundi 1er mars 2027 0 pas proposée" in shown
    asking = f"{page}/demande"
    wanted = {
        "units": "1", "first_day": "2027-03-01", "last_day": "2027-03-31", "days": ["2"], "purpose": "Deux agents",
    }  # fmt: skip
    too_many = await asker.post(asking, {**wanted, "units": "3"}, page=asking)
    assert too_many.status_code == 422
    assert "Le mardi 2 mars 2027, il reste 2 bureaux." in text_of(too_many)
    assert "Deux agents" in too_many.text
    assert 'value="2" checked' in too_many.text
    answer = await asker.post(asking, wanted, page=asking)
    assert answer.status_code == 303, text_of(answer)
    lending = str(answer.headers["location"])
    again = await asker.post(asking, wanted, page=asking)
    assert again.headers["location"] == lending, "sent twice, it is one request"
    assert "Répondre à la demande : 1 bureau" in text_of(await owner.get("/g/bassin"))
    assert (await (await sign_in(OTHER)).get(lending)).status_code == 403
    agreed = await owner.post(f"{lending}/accord", page=lending)
    assert agreed.headers["location"] == lending
    assert "Répondre à la demande" not in text_of(await owner.get("/g/bassin"))
    assert "mardi 2 mars 2027 1 1" in text_of(await asker.get(page))
    assert await lender.mails() == [
        (OWNER, "Lugos demande 1\u00a0bureau, Bureaux du premier étage"),
        (ASKER, "Accordé\u00a0: 1\u00a0bureau, Bureaux du premier étage"),
    ]
    assert "Refuser" not in text_of(await owner.get(lending))
    refused_late = await owner.get(f"{lending}/refus")
    assert refused_late.status_code == 409
    journal = text_of(await (await sign_in(FACILITATOR)).get("/g/bassin/journal"))
    assert "a demandé « Bureaux du premier étage » pour Lugos" in journal
    assert "a accordé « Bureaux du premier étage » à Lugos" in journal


async def test_use_is_noted_by_month_and_corrected(lender: Lender, sign_in: SignIn, clock: FixedClock) -> None:
    resource = await lender.offer(await lender.site(), price_cents=1250)
    lending_id = await lender.ask(resource, last_day=date(2027, 4, 30), days=mask_of([2]))
    await lender.agree(lending_id)
    page = f"{LIST}/demandes/{lending_id}"
    clock.instant = datetime(2027, 5, 3, 10, tzinfo=NOW.tzinfo)
    asker = await sign_in(ASKER)
    assert "Noter ce qui a servi : 1 bureau" in text_of(await asker.get("/g/bassin"))
    form = f"{page}/usage"
    asked = await asker.get(form)
    assert "Mars 2027" in text_of(asked)
    seen = asked.text.partition('name="seen" value="')[2].partition('"')[0]
    wrong = await asker.post(form, {"used-2027-03": "6", "used-2027-04": "2", "seen": seen}, page=form)
    assert wrong.status_code == 422
    assert "Indiquez 5 au plus." in text_of(wrong)
    noted = await asker.post(form, {"used-2027-03": "5", "used-2027-04": "", "seen": seen}, page=form)
    assert noted.headers["location"] == page
    shown = text_of(await asker.get(page))
    assert "mars 2027 5 Total 5" in shown
    assert "À ce prix : 62,50 € TTC" in shown
    assert "Terminée" in shown
    stale = await asker.post(form, {"used-2027-03": "4", "seen": seen}, page=form)
    assert "Quelqu’un a noté autre chose entre-temps" in text_of(stale)
    assert "Noter ce qui a servi" not in text_of(await asker.get("/g/bassin"))


async def test_never_more_is_lent_on_a_day_than_is_offered(fresh_database: Database, territory: Territory) -> None:
    """Two agree at once on the last desk."""
    lender = Lender(fresh_database, territory)
    resource = await lender.offer(await lender.site(), quantity=2)
    whole: dict[str, Any] = {"first_day": TUESDAY, "last_day": date(2027, 3, 31)}
    first = await lender.ask(resource, **whole)
    second = await lender.ask(resource, OTHER, SALLES, days=mask_of([3]), units=2, **whole)
    third = await lender.ask(resource, OTHER, SALLES, days=mask_of([4]), **whole)
    results = await asyncio.gather(
        lender.agree(first), lender.agree(second), lender.agree(third), return_exceptions=True
    )
    refused = [result for result in results if result is not None]
    assert [type(result) for result in refused] == [NotFree]
    assert results[2] is None, "on Thursdays there is one left"
    async with lender.session() as session:
        lent = await units_lent(session, resource, TODAY, date(2027, 12, 31))
    assert max(lent.values()) <= 2


async def test_what_is_agreed_keeps_the_offer_from_shrinking(lender: Lender, sign_in: SignIn) -> None:
    site = await lender.site()
    resource = await lender.offer(site)
    await lender.agree(await lender.ask(resource, units=2))
    owner = await sign_in(OWNER)
    form = f"{LIST}/{resource}/fiche"
    seen = (await owner.get(form)).text.partition('name="seen" value="')[2].partition('"')[0]
    offered = {**OFFER, "site_id": str(site), "days": ["1", "2", "3", "4", "5"], "seen": seen}
    for change in ({"quantity": "1"}, {"days": ["1"]}, {"until_day": "2027-03-01"}):
        refused = await owner.post(form, {**offered, **change}, page=form)
        assert refused.status_code == 422, change
        assert "Le mardi 2 mars 2027, 2 bureaux : c’est déjà accordé." in text_of(refused)
    assert (await owner.post(form, {**offered, "quantity": "3"}, page=form)).status_code == 303
    assert "Quelqu’un a changé cette ressource entre-temps" in text_of(await owner.post(form, offered, page=form))
    journal = text_of(await (await sign_in(FACILITATOR)).get("/g/bassin/journal"))
    assert "nombre : 2 ; prix : Gratuit" in journal


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"first_day": date(2027, 2, 26)}, "first_day"),
        ({"last_day": TODAY}, "last_day"),
        ({"last_day": date(2030, 6, 1)}, "last_day"),
        ({"days": mask_of([3])}, "days"),
        ({"first_day": date(2027, 3, 6), "last_day": date(2027, 3, 6), "days": mask_of([6])}, "units"),
        ({"units": 3}, "units"),
    ],
)
async def test_what_cannot_be_asked_for(lender: Lender, asked: dict[str, Any], field: str) -> None:
    resource = await lender.offer(await lender.site())
    with pytest.raises(Invalid) as refused:
        await lender.ask(resource, **asked)
    assert list(refused.value.errors) == [field]


async def test_nobody_borrows_from_itself_or_for_another(lender: Lender) -> None:
    resource = await lender.offer(await lender.site())
    for email, code in ((OWNER, ARCACHON), (ASKER, SALLES), (FACILITATOR, LUGOS)):
        with pytest.raises(Forbidden):
            await lender.ask(resource, email, code)
    lending = await lender.ask(resource)
    with pytest.raises(Forbidden):
        await lender.agree(lending, ASKER)


async def test_a_withdrawn_offer_refuses_who_waits_and_keeps_what_is_agreed(lender: Lender, sign_in: SignIn) -> None:
    resource = await lender.offer(await lender.site())
    agreed = await lender.ask(resource)
    await lender.agree(agreed)
    waiting = await lender.ask(resource, OTHER, SALLES)
    owner = await sign_in(OWNER)
    form = f"{LIST}/{resource}/retrait"
    assert "Dites pourquoi" in text_of(await owner.post(form, {"reason": ""}, page=form))
    assert (await owner.post(form, {"reason": "Travaux"}, page=form)).status_code == 303
    refused = await lender.lending(waiting)
    assert (refused.state, refused.reason) == (LendingState.REFUSED, "Travaux")
    assert (await lender.lending(agreed)).state == LendingState.AGREED
    assert (await lender.mails())[-1] == (OTHER, "Refusé\u00a0: 1\u00a0bureau, Bureaux")
    assert "Bureaux" not in text_of(await owner.get(LIST)).partition("Chercher")[2]
    assert (await (await sign_in(ASKER)).get(f"{LIST}/{resource}/demande")).status_code == 409


async def test_an_agreement_ends_early_and_frees_its_days(lender: Lender, sign_in: SignIn) -> None:
    resource = await lender.offer(await lender.site(), quantity=1)
    lending = await lender.ask(resource, last_day=date(2027, 3, 31))
    await lender.agree(lending)
    form = f"{LIST}/demandes/{lending}/fin"
    asker = await sign_in(ASKER)
    late = await asker.post(form, {"on": "2027-03-31", "reason": "Déménagement"}, page=form)
    assert "Choisissez un jour avant le mercredi 31 mars 2027" in text_of(late)
    assert (await asker.post(form, {"on": "2027-03-09", "reason": "Déménagement"}, page=form)).status_code == 303
    async with lender.session() as session:
        lent = await units_lent(session, resource, TODAY, date(2027, 12, 31))
    assert max(lent) == date(2027, 3, 9)
    told = await lender.mails()
    assert {recipient for recipient, _ in told[-2:]} == {OWNER, ASKER}
    assert await lender.ask(resource, OTHER, SALLES, first_day=date(2027, 3, 10), last_day=date(2027, 3, 31))


async def test_what_is_free_is_found_by_place_and_day(lender: Lender) -> None:
    desks = await lender.offer(await lender.site(postcode="33120", city="Arcachon"), quantity=2)
    room = await lender.offer(
        await lender.site(SALLES, city="Salles", postcode="33770"),
        SALLES,
        kind=ResourceKind.ROOM,
        title="Salle du conseil",
        days=mask_of([2]),
    )
    await lender.agree(await lender.ask(desks))

    async def found(**wanted: object) -> set[int]:
        async with lender.session() as session:
            listed = await resources_listed(session, Wanted(**wanted), Slice())  # type: ignore[arg-type]
        return {one.id for one in listed.items}

    assert await found() == {desks, room}
    assert await found(place="arcachon mairie") == {desks}
    assert await found(place="33") == {desks, room}
    assert await found(place="64") == set()
    assert await found(place="Val de l’Eyre") == {room}
    assert await found(kind="room") == {room}
    assert await found(day=TUESDAY) == {desks, room}
    assert await found(day=TUESDAY, units=2) == {room}
    assert await found(day=date(2027, 3, 3)) == {desks}
    assert await found(day=date(2027, 3, 6)) == set()


async def test_a_member_that_leaves_lends_and_borrows_no_more(lender: Lender, territory: Territory) -> None:
    offered = await lender.offer(await lender.site())
    borrowed = await lender.offer(await lender.site(SALLES), SALLES, title="Vélos", kind=ResourceKind.BIKE)
    whole: dict[str, Any] = {"last_day": date(2027, 3, 31)}
    lent = await lender.ask(offered, **whole)
    await lender.agree(lent)
    waiting = await lender.ask(offered, OTHER, SALLES)
    asked = await lender.ask(borrowed, OWNER, ARCACHON)
    async with lender.session() as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        await retire_member(session, caller, ARCACHON, RetirementIn(TODAY, "Fin de l’adhésion"), NOW, TODAY)
    assert [(await lender.lending(one)).state for one in (lent, waiting, asked)] == ["ended", "refused", "withdrawn"]
    assert (await lender.lending(lent)).ended_on == TODAY
    async with lender.session() as session:
        rows = await session.execute(select(col(Resource.id), col(Resource.state)))
        states = {resource_id: state for resource_id, state in rows}
    assert states == {offered: ResourceState.WITHDRAWN, borrowed: ResourceState.OFFERED}
    told = await lender.mails()
    assert (ASKER, "Accord interrompu\u00a0: 1\u00a0bureau, Bureaux") in told
    assert (OTHER, "Demande retirée\u00a0: 1\u00a0vélo, Vélos") in told


async def test_members_that_become_one_lend_nothing_to_themselves(lender: Lender, territory: Territory) -> None:
    desks = await lender.offer(await lender.site())
    whole: dict[str, Any] = {"last_day": date(2027, 3, 31)}
    between = await lender.ask(desks, **whole)
    await lender.agree(between)
    outside = await lender.ask(desks, OTHER, SALLES, **whole)
    async with lender.session() as session:
        await merge(session, MergeIn((ARCACHON,), LUGOS, TODAY, "Commune nouvelle"), NOW, TODAY, by=None)
    async with lender.session() as session:
        owner = (await session.execute(select(col(Resource.member_id)))).scalar_one()
    assert owner == territory.members[LUGOS]
    assert (await lender.lending(between)).state == LendingState.ENDED
    assert (await lender.lending(outside)).state == LendingState.ASKED
    await lender.agree(outside, ASKER)


async def test_what_it_was_wanted_for_is_forgotten(lender: Lender, territory: Territory) -> None:
    lending = await lender.ask(await lender.offer(await lender.site()))
    for before, purpose in ((NOW, "Un agent"), (NOW + timedelta(days=5), "")):
        async with lender.session() as session:
            await forget_purposes(session, before)
        assert (await lender.lending(lending)).purpose == purpose
    async with lender.session() as session:
        told = (await session.execute(select(Event).where(col(Event.subject_kind) == "lending"))).scalars().all()
    assert "Un agent" not in str([event.details for event in told])


async def test_programs_lend_too(lender: Lender, connect: Connect) -> None:
    site = await lender.site(city="Arcachon", postcode="33120")
    owner, asker = await connect(OWNER), await connect(ASKER)
    offer = {
        "site_id": site, "kind": "vehicle", "title": "Kangoo électrique", "quantity": 1, "days": [1, 2, 3],
        "from_day": "2027-03-01",
    }  # fmt: skip
    place = f"{API}/members/{ARCACHON}/resources"
    made = [await owner.post(place, offer, idempotency_key="kangoo") for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    assert made[0].json() == made[1].json()
    resource = f"{API}/resources/{made[0].json()['id']}"
    ask = {"member": LUGOS, "units": 1, "first_day": "2027-03-02", "last_day": "2027-03-02", "purpose": "Marché"}
    asked = await asker.post(f"{resource}/lendings", ask)
    assert asked.status_code == 201
    lending = f"{API}/lendings/{asked.json()['id']}"
    assert problem(await asker.post(f"{lending}/agreement", {})) == (403, "forbidden")
    assert (await owner.post(f"{lending}/agreement", {})).json()["state"] == "agreed"
    busy = (await asker.get(f"{resource}/occupation?first=2027-03-01&last=2027-03-04")).json()["days"]
    assert [(one["offered"], one["lent"]) for one in busy] == [(1, 0), (1, 1), (1, 0), (0, 0)]
    listed = (await asker.get(f"{API}/resources?day=2027-03-02")).json()["items"]
    assert listed == []
    early = await asker.put(f"{lending}/uses", {"uses": [{"month": "2027-03-01", "used": 1}]})
    assert early.status_code == 422
    tag = (await owner.get(resource)).headers["etag"]
    renamed = await owner.put(resource, {**offer, "title": "Kangoo"}, if_match=tag)
    assert renamed.json()["title"] == "Kangoo"
    assert problem(await owner.put(resource, offer, if_match=tag)) == (412, "changed_meanwhile")
    assert (await owner.post(f"{resource}/withdrawal", {"reason": "Vendu"})).json()["state"] == "withdrawn"
    assert problem(await asker.post(f"{resource}/lendings", ask)) == (409, "resource_withdrawn")
