"""A workshop on telephones: notes without an account, themes, dots, and what is kept on the action."""

import re
from datetime import timedelta

import pytest
import pytest_asyncio
from litestar import Litestar
from sqlalchemy import select, text
from sqlmodel import col

from factories import NOW, Territory
from pooling.actions.catalogue import Catalogue
from pooling.actions.keeping import propose_action
from pooling.actions.models import ActionFactor, Ease, FactorKind
from pooling.actions.schemas import ActionIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid
from pooling.members.entrance import caller_of
from pooling.rounds.workshops.finding import ThemeShown
from pooling.rounds.workshops.leading import arrange, end_what_has_expired, move_workshop, open_workshop
from pooling.rounds.workshops.models import Workshop, WorkshopNote, WorkshopState
from pooling.rounds.workshops.rules import in_order
from pooling.rounds.workshops.schemas import MOST_DOTS, MOST_OWN_NOTES, Arrangement, NoteIn, ThemeIn
from pooling.rounds.workshops.taking_part import post_note, put_dots
from web_client import Browser, SignIn, text_of

FACILITATOR = "animation@bassin.example"
LIST = "/g/bassin/actions/ateliers"


@pytest_asyncio.fixture
async def action(database: Database, territory: Territory) -> str:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        return (await propose_action(session, caller, ActionIn(title="Des arceaux"), Catalogue(), NOW)).reference


def test_themes_stand_by_dots_and_share_a_rank_where_they_have_as_many() -> None:
    themes = [ThemeShown(key, "obstacle", "easy", str(key), dots) for key, dots in ((1, 0), (2, 3), (3, 3), (4, 1))]
    assert [(rank, theme.id) for rank, theme in in_order(themes)] == [(1, 2), (1, 3), (3, 4), (4, 1)]


async def test_a_workshop_from_notes_to_the_sheet(  # noqa: PLR0915 - one story
    app: Litestar, sign_in: SignIn, database: Database, territory: Territory, action: str, clock: FixedClock
) -> None:
    """Two telephones without an account, and who leads them."""
    facilitator = await sign_in(FACILITATOR)
    phones = [Browser(app, database), Browser(app, database)]
    made = await facilitator.post(f"{LIST}/nouveau", {"action": action, "hours": "3"}, page=f"{LIST}/nouveau")
    one = str(made.headers["location"])
    address = re.search(r"http://127.0.0.1:8000(/atelier/bassin/[A-Z0-9]{8})", (await facilitator.get(one)).text)
    assert address is not None
    link = address[1]
    shown = await phones[0].get(link.lower())
    assert (shown.status_code, shown.headers["referrer-policy"]) == (200, "no-referrer")
    long = await phones[0].post(f"{link}/notes", {"kind": "obstacle", "text": "x" * 281}, page=link)
    assert (long.status_code, "x" * 281 in long.text) == (422, True)
    for phone, kind, said in (
        (phones[0], "obstacle", "Les trottoirs sont étroits"),
        (phones[0], "obstacle", "Une note de trop"),
        (phones[1], "opportunity", "On refait la voirie"),
        (phones[1], "obstacle", "Pas de place devant l’école"),
    ):
        assert (await phone.post(f"{link}/notes", {"kind": kind, "text": said}, page=link)).status_code == 303
    own = re.findall(r'action="([^"]+/retrait)"', (await phones[0].get(link)).text)
    assert len(own) == 2
    assert (await phones[1].post(own[1], page=link)).status_code == 404, "another one’s"
    assert (await phones[0].post(own[1], page=link)).status_code == 303
    shown_to_all = text_of(await phones[1].get(link))
    assert "Les trottoirs sont étroits" in shown_to_all
    assert "Une note de trop" not in shown_to_all
    early = await facilitator.post(f"{one}/classement", page=one)
    assert "Rangez d’abord des notes" in text_of(early)
    shown_one = (await facilitator.get(one)).text
    assert "<svg" in shown_one.partition('class="qr-code"')[2][:200], "telephones photograph the address"
    notes = re.findall(r'name="note-([0-9]+)"', shown_one)
    nameless = await facilitator.post(f"{one}/rangement", {f"note-{notes[0]}": "neuf"}, page=one)
    assert "Nommez le thème" in text_of(nameless)
    for place, (title, kind) in enumerate((("La place manque", "obstacle"), ("Des travaux arrivent", "opportunity"))):
        new = {"titre-neuf": title, "sorte-neuf": kind, "difficulte-neuf": "hard", f"note-{notes[place]}": "neuf"}
        assert (await facilitator.post(f"{one}/rangement", new, page=one)).status_code == 303
    themes = re.findall(r'name="titre-([0-9]+)"', (await facilitator.get(one)).text)
    async with database.transaction(territory.group_id) as session:
        placed = await session.execute(select(col(WorkshopNote.id), col(WorkshopNote.theme_id)))
        by_note = {str(note): str(theme) for note, theme in placed if theme is not None}
    assert by_note == dict(zip(notes, themes, strict=False)), "a new theme takes its notes at once"
    grouped = {f"note-{note}": themes[place == 1] for place, note in enumerate(notes)}
    assert (await facilitator.post(f"{one}/rangement", grouped, page=one)).status_code == 303
    assert (await facilitator.post(f"{one}/classement", page=one)).status_code == 303
    ranking = text_of(await phones[0].get(link))
    places = [
        ranking.rindex(said) for said in ("La place manque", "Les trottoirs", "Des travaux arrivent", "la voirie")
    ]
    assert places == sorted(places), "each note stands under its theme"
    late = await phones[0].post(f"{link}/notes", {"kind": "obstacle", "text": "Trop tard"}, page=link)
    assert "On n’écrit plus de notes" in text_of(late)
    for phone, chosen in ((phones[0], themes), (phones[1], themes[1:]), (phones[1], themes[1:])):
        assert (await phone.post(f"{link}/gommettes", {"themes": chosen}, page=link)).status_code == 303
    shown_text = text_of(await facilitator.get(one))
    assert "2 gommettes" in shown_text
    assert shown_text.index("Des travaux arrivent") < shown_text.index("La place manque")
    assert (await facilitator.post(f"{one}/fin", {"keep": "1"}, page=f"{one}/fin")).status_code == 303
    sheet = text_of(await facilitator.get(f"/g/bassin/actions/{action}"))
    assert all(said in sheet for said in ("Des travaux arrivent", "La place manque", "difficile"))
    assert (await phones[0].get(link)).status_code == 404
    assert "2 gommettes" in text_of(await facilitator.get(one)), "counted before they went"
    async with database.transaction(territory.group_id) as session:
        kept = (await session.execute(select(col(ActionFactor.kind)))).scalars().all()
        assert sorted(kept) == ["obstacle", "opportunity"]
        left = await session.execute(text("SELECT count(*) FROM workshop_dots"))
        assert left.scalar_one() == 0
        hashes = (await session.execute(select(col(WorkshopNote.browser_hash)))).scalars()
        assert set(hashes) == {None}, "nobody knows any more whose telephone it was"
    for phone in phones:
        await phone.close()


async def open_one(database: Database, territory: Territory, action: str) -> Workshop:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        return await open_workshop(session, caller, action, 2, NOW)


async def test_a_link_dies_with_its_hours_and_no_other_one_opens(
    visitor: Browser, database: Database, territory: Territory, action: str, clock: FixedClock
) -> None:
    found = await open_one(database, territory, action)
    link = f"/atelier/bassin/{found.code}"
    assert (await visitor.get(link)).status_code == 200
    clock.instant = NOW + timedelta(hours=2)
    assert (await visitor.get(link)).status_code == 404
    for wrong in ("/atelier/nulle-part/ABCDEFGH", "/atelier/bassin/ABCDEFGH", "/atelier/bassin/x"):
        assert (await visitor.get(wrong)).status_code == 404
        assert (await visitor.post(f"{wrong}/notes", {"kind": "obstacle", "text": "x"})).status_code == 404
    async with database.transaction(territory.group_id) as session:
        assert await end_what_has_expired(session, FixedClock(NOW + timedelta(hours=3))) == []
        assert await end_what_has_expired(session, FixedClock(NOW + timedelta(days=3))) == [found.id]


async def test_what_a_telephone_may_post_is_bounded(database: Database, territory: Territory, action: str) -> None:
    found = await open_one(database, territory, action)
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        workshop = await session.get_one(Workshop, (territory.group_id, found.id))
        notes = [NoteIn(kind=FactorKind.OBSTACLE, text=f"Encore {place}") for place in range(MOST_OWN_NOTES + 1)]
        for note in notes[:-1]:
            await post_note(session, workshop, b"a", note, NOW)
            await post_note(session, workshop, b"a", note, NOW)
        counted = await session.execute(text("SELECT count(*) FROM workshop_notes"))
        assert counted.scalar_one() == MOST_OWN_NOTES, "sent twice, a note is one"
        with pytest.raises(Invalid):
            await post_note(session, workshop, b"a", notes[-1], NOW)
        await post_note(session, workshop, b"b", notes[0], NOW)
        theme = ThemeIn(kind=FactorKind.OBSTACLE, ease=Ease.EASY, title="Un thème")
        for _ in range(MOST_DOTS + 1):
            await arrange(session, caller, found.id, Arrangement(new=theme))
        with pytest.raises(Conflict):
            await put_dots(session, workshop, b"a", [])
        workshop = await move_workshop(session, caller, found.id, WorkshopState.RANKING, NOW)
        rows = await session.execute(text("SELECT id FROM workshop_themes ORDER BY id"))
        themes = list(rows.scalars())
        for wrong in (themes, [10**9]):
            with pytest.raises(Invalid):
                await put_dots(session, workshop, b"a", wrong)
        await put_dots(session, workshop, b"a", themes[:MOST_DOTS])
