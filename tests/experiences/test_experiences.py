"""What the group learnt: told, corrected, asked about, searched in French, read by other groups with its consent alone,
mailed before each committee.
"""

import re
from datetime import datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api_client import API, Connect, problem
from factories import NOW, Territory, make_territory
from pooling.committees.meetings.digest import DIGEST
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.experiences.keeping import share_experience, tell_experience
from pooling.experiences.queries import experiences_listed, shared_elsewhere
from pooling.experiences.schemas import ExperienceIn
from pooling.features import FEATURES
from pooling.kernel.database import Database
from pooling.kernel.slices import Slice
from pooling.members.entrance import caller_of
from pooling.members.groups import group_zone
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.kinds import Context, DueReminder, Kind
from pooling.reminders.models import Reminder, ReminderState
from web_client import SignIn, text_of

FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
NEW = "/g/bassin/experiences/nouveau"


async def test_an_experience_is_told_found_asked_about_and_answered(sign_in: SignIn) -> None:
    referent, facilitator = await sign_in(REFERENT), await sign_in(FACILITATOR)
    other = await sign_in("referent@arcachon.example")
    sheet = {
        "title": "Le journal du vélo",
        "done": "Des ateliers, 1 200 numéros",
        "cost": "2 345,60",
        "differently": "Plus tôt",
    }
    for wrong, said in (
        ({"title": ""}, "Donnez un titre"),
        ({"cost": "cher"}, "cher"),
        ({"action": "FA-1"}, "Choisissez une action"),
    ):
        refused = await referent.post(NEW, {**sheet, **wrong}, page=NEW)
        assert refused.status_code == 422
        assert said in text_of(refused) or said in refused.text
        assert "1 200 numéros" in refused.text
    told = await referent.post(NEW, sheet, page=NEW)
    assert told.status_code == 303
    one = told.headers["location"]
    shown = text_of(await other.get(one))
    assert all(words in shown for words in ("Le journal du vélo", "2 345,60 €", "Plus tôt"))
    for typed, found in (
        ("journaux", 1),
        ("Atelier", 1),
        ("1200", 1),
        ("1 200", 1),
        ("2 345,60", 1),
        ("2345", 1),
        ("piscine", 0),
        ('"journal du vélo"', 1),
    ):
        page = await other.get(f"/g/bassin/experiences?cherche={typed}")
        assert page.text.count('<th scope="row"') == found, typed
    form = await referent.get(f"{one}/fiche")
    assert 'value="2345,60"' in form.text
    assert (await other.get(f"{one}/fiche")).status_code == 403
    for _ in range(2):  # sent twice, it is asked once
        assert (await other.post(f"{one}/questions", {"content": "Et l’hiver ?"}, page=one)).status_code == 303
    asked = await referent.get(one)
    assert "Et l’hiver ?" in text_of(asked)
    (question,) = set(re.findall(r"questions/([0-9]+)/reponse", asked.text))
    field, place = f"answer-{question}", f"{one}/questions/{question}/reponse"
    attached = await referent.post(f"{one}/pieces", {}, page=one, files={"files": ("note.txt", b"Note", "text/plain")})
    assert attached.status_code == 303
    (piece,) = set(re.findall(r'action="([^"]+/pieces/[0-9]+/retrait)"', (await referent.get(one)).text))
    assert (await other.post(piece, page=one)).status_code == 403
    assert (await referent.post(piece, page=one)).status_code == 303
    assert (await referent.get(piece.removesuffix("/retrait"))).status_code == 404
    assert (await referent.post(piece, page=one)).status_code == 404
    answer = {field: "On roule aussi"}
    assert (await referent.post(place, {field: ""}, page=one)).status_code == 422
    assert (await referent.post(place, answer, page=one)).status_code == 303
    again = await referent.post(place, answer, page=one)
    assert again.status_code == 422
    assert "On roule aussi" in text_of(again)
    assert (await other.post(f"{one}/partage", {"shared": "1"}, page=one)).status_code == 403
    assert (await facilitator.post(f"{one}/partage", {"shared": "1"}, page=one)).status_code == 303
    journal = text_of(await facilitator.get("/g/bassin/journal"))
    assert "a ouvert aux autres groupes le retour d’expérience « Le journal du vélo »" in journal


async def test_programs_tell_and_correct(connect: Connect) -> None:
    program = await connect(REFERENT)
    made = await program.post(f"{API}/experiences", {"title": "Vélos", "cost_cents": 12}, idempotency_key="e-1")
    assert made.status_code == 201, made.text
    one = f"{API}/experiences/{made.json()['id']}"
    tag = (await program.get(one)).headers["etag"]
    changed = await program.put(one, {"title": "Vélos", "result": "Bien"}, if_match=tag)
    assert (changed.json()["result"], changed.json()["cost_cents"]) == ("Bien", None)
    assert problem(await program.put(one, {"title": "x"}, if_match=tag)) == (412, "changed_meanwhile")
    asked = await program.post(f"{one}/questions", {"content": " Et l’hiver ? "})
    assert (asked.status_code, asked.json()["content"]) == (201, "Et l’hiver ?")
    place = f"{one}/questions/{asked.json()['id']}/answer"
    assert (await program.post(place, {"answer": "Aussi"})).json()["answer"] == "Aussi"
    assert problem(await program.post(place, {"answer": "Non"})) == (409, "already_answered")
    assert [line["answer"] for line in (await program.get(f"{one}/questions")).json()["items"]] == ["Aussi"]
    assert (await program.put(f"{one}/sharing", {"shared": True})).status_code == 403
    shared = await (await connect(FACILITATOR)).put(f"{one}/sharing", {"shared": True})
    assert shared.json()["shared"]
    assert [line["title"] for line in (await program.get(f"{API}/experiences?q=velo")).json()["items"]] == ["Vélos"]
    assert (await program.get(f"{API}/shared-experiences")).json()["items"] == []


async def test_other_groups_read_what_they_are_shown_and_nothing_else(database: Database, territory: Territory) -> None:
    """Neither what is not shared, nor its own group's, nor anything from a transaction that is in no group."""
    async with database.transaction() as session:
        other = await make_territory(database, NOW, "voisin")
        assert (await session.execute(text("SELECT * FROM shared_experiences('', NULL, 10)"))).all() == []
    async with database.transaction(other.group_id) as session:
        caller = await caller_of(session, other.people[FACILITATOR], other.group_id)
        shown = await tell_experience(session, caller, ExperienceIn(title="Nos journaux", contact="La mairie"), NOW)
        await tell_experience(session, caller, ExperienceIn(title="Gardé pour nous"), NOW)
        await share_experience(session, caller, shown.id, NOW, shared=True)
        assert await shared_elsewhere(session) == []
    async with database.transaction(territory.group_id) as session:
        assert [one.title for one in await shared_elsewhere(session)] == ["Nos journaux"]
        assert [one.title for one in await shared_elsewhere(session, "journal")] == ["Nos journaux"]
        assert await shared_elsewhere(session, "piscine") == []
        assert (await experiences_listed(session, Slice())).items == []
    async with database.transaction(other.group_id) as session:
        caller = await caller_of(session, other.people[FACILITATOR], other.group_id)
        await share_experience(session, caller, shown.id, NOW, shared=False)
    async with database.transaction(territory.group_id) as session:
        assert await shared_elsewhere(session) == []


async def test_a_digest_says_what_is_new_since_the_last_committee(database: Database, territory: Territory) -> None:
    (kind,) = [kind for feature in FEATURES for kind in feature.kinds(ReminderConfiguration()) if kind.name == DIGEST]
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        zone = await group_zone(session)
        await tell_experience(session, caller, ExperienceIn(title="Ancien"), NOW - timedelta(days=40))
        committee = former = 0
        for days in (-20, 15):
            meeting = CommitteeIn(
                title="Comité",
                day=NOW.date() + timedelta(days=days),
                hour=time(9),
                place="Mairie",
                people=(caller.person_id,),
            )
            former = committee
            committee = await schedule_committee(session, caller, meeting, NOW - timedelta(days=60))
        assert await kind.plan(session, kind.schedule, zone, NOW) == []
        assert (await session.execute(kind.audience(zone, NOW))).all() == []
        await tell_experience(session, caller, ExperienceIn(title="Nouveau", result="Ça roule"), NOW)
        (occasion,) = await kind.plan(session, kind.schedule, zone, NOW)
        (told,) = (await session.execute(kind.audience(zone, NOW))).all()
        assert (occasion.subject_id, told.subject_id, told.person_id) == (committee, committee, caller.person_id)
        due = DueReminder(
            1,
            DIGEST,
            committee,
            1,
            -2,
            NOW,
            NOW + timedelta(days=15),
            caller.person_id,
            FACILITATOR,
            "Animation",
            "key",
        )
        context = Context(territory.group_id, "bassin", "Bassin", zone, False, "https://a.example", NOW)
        (mail,) = await kind.render(session, [due], context)
        between = NOW - timedelta(days=21)
        await tell_experience(session, caller, ExperienceIn(title="Entre-temps"), between)
        assert await titles_in(kind, session, due, context) == ["Nouveau"], (
            "nobody was told of it before the former one"
        )
        session.add(digest_sent(territory, former, caller.person_id, between - timedelta(days=1)))
        await session.flush()
        assert await titles_in(kind, session, due, context) == ["Entre-temps", "Nouveau"]
    assert mail.subject.startswith("1\u00a0nouveau retour d’expérience avant Comité")
    assert "invitées à « Comité »" in mail.why
    (told_of,) = mail.facts
    assert (told_of.label, "Ça roule" in told_of.value) == ("Nouveau", True)
    assert re.search(r"\nhttps://a\.example/g/bassin/experiences/[0-9]+$", told_of.value)


async def titles_in(kind: Kind, session: AsyncSession, due: DueReminder, context: Context) -> list[str]:
    (mail,) = await kind.render(session, [due], context)
    return [fact.label for fact in mail.facts]


def digest_sent(territory: Territory, committee: int, person_id: int, at: datetime) -> Reminder:
    return Reminder(
        group_id=territory.group_id,
        kind=DIGEST,
        subject_id=committee,
        revision=1,
        offset_days=-2,
        person_id=person_id,
        due_at=at,
        useful_until=at + timedelta(days=3),
        state=ReminderState.SENT,
        settled_at=at,
    )


async def test_one_is_found_among_two_thousand_sheets(database: Database, territory: Territory) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text(
                "INSERT INTO experiences (group_id, title, context, done, result, differently, figures, contact, "
                "search_text, shared, told_at) SELECT :group, 'Retour', '', '', '', '', '', '', "
                "'mot' || n || ' commun', false, now() FROM generate_series(1, 2000) n"
            ),
            {"group": territory.group_id},
        )
        found = await experiences_listed(session, Slice(), search="mot1234")
    assert [one.title for one in found.items] == ["Retour"]
