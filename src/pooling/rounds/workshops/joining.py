"""What whoever has the link sees on a telephone: no account, no name."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sent_forms import taken_once
from pooling.accounts.throttle import HOST, HOUR, Allowance, host_of
from pooling.actions.models import FactorKind
from pooling.actions.rules import FACTOR_WORDS
from pooling.kernel.errors import NotFound
from pooling.kernel.tables import id_typed, known_id
from pooling.members.rights import Right
from pooling.rounds.workshops.finding import (
    Joined,
    ThemeShown,
    browser_hash,
    dots_of,
    join,
    notes_of,
    themes_of,
)
from pooling.rounds.workshops.models import WORKSHOP, Workshop, WorkshopNote, WorkshopState
from pooling.rounds.workshops.schemas import LONGEST_NOTE, MOST_DOTS, NoteIn
from pooling.rounds.workshops.taking_part import post_note, put_dots, take_back_note
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import redirect, render
from pooling.web.security import KEEPS_NOTHING, KEY_IN_ADDRESS, NO_REFERRER, browser_of
from pooling.web.services import services_of
from pooling.web.typography import time_short

WRONG_CODES = Allowance("workshop-codes", "Wrong links in `/atelier/…`", HOST, 60, HOUR, __name__)
POSTED = Allowance("workshop-posts", "Notes and dots of workshops", HOST, 1000, HOUR, __name__)
"""A whole room may come by one address."""
ADDRESS = "/atelier/{group:str}/{key:str}"
_OPTIONS = {KEY_IN_ADDRESS: True, KEEPS_NOTHING: True}
KINDS = [(str(kind), word) for kind, word in FACTOR_WORDS.items()]


async def _enter(
    request: Request[Any, Any, Any], session: AsyncSession, slug: str, key: str, *, sharing: bool = False
) -> tuple[Joined, bytes]:
    """The workshop, and what stands for this telephone in it.

    Raises:
        NotFound: see `join`.
        TooMany: too many wrong ones came from there.
    """
    services = services_of(request)
    now = services.clock.now()
    try:
        joined = await join(session, slug, key, now, sharing=sharing)
    except NotFound:
        await WRONG_CODES.count(services.database, host_of(request), at=now)
        raise NotFound("Cet atelier n’existe pas ou est fini. Vérifiez l’adresse avec qui l’anime.") from None
    return joined, browser_hash(joined.workshop.id, browser_of(request) or "")


@get(ADDRESS, right=Right.ANYONE, opt=_OPTIONS)
async def show_workshop(request: Request[Any, Any, Any], group: FromPath[str], key: FromPath[str]) -> Response[str]:
    async with services_of(request).database.transaction() as session:
        joined, browser = await _enter(request, session, group, key)
        return await _page(request, session, joined, browser, None)


async def _page(
    request: Request[Any, Any, Any], session: AsyncSession, joined: Joined, browser: bytes, form: Form | None
) -> Response[str]:
    workshop = joined.workshop
    if form is None:
        form = form_of({"kind": FactorKind.OBSTACLE})
        form.lists["themes"] = [str(theme) for theme in await dots_of(session, workshop, browser)]
    notes = await notes_of(session, workshop)
    themes = await themes_of(session, workshop)
    page = render(
        request,
        "rounds/workshop_joined.html",
        form=form,
        joined=joined,
        state=(WORKSHOP.tag(workshop.state), WORKSHOP.word(workshop.state)),
        collecting=workshop.state == WorkshopState.COLLECTING,
        url=f"/atelier/{joined.group.slug}/{workshop.code}",
        until=time_short(workshop.expires_at, joined.group.zone),
        notes=_grouped(workshop, notes, themes),
        own={note.id for note in notes if note.browser_hash == browser},
        themes=[(str(theme.id), f"{theme.title} ({FACTOR_WORDS[FactorKind(theme.kind)].lower()})") for theme in themes],
        kinds=KINDS,
        longest=LONGEST_NOTE,
        most_dots=MOST_DOTS,
    )
    page.headers.update(NO_REFERRER)
    return page


def _grouped(
    workshop: Workshop, notes: Sequence[WorkshopNote], themes: Sequence[ThemeShown]
) -> list[tuple[str, list[WorkshopNote]]]:
    """As long as they are written by their kind, then by the themes that are ranked, each under its heading."""
    if workshop.state == WorkshopState.COLLECTING:
        heads: list[tuple[str, object]] = [("Freins", FactorKind.OBSTACLE), ("Opportunités", FactorKind.OPPORTUNITY)]
        return [(head, [note for note in notes if note.kind == kind]) for head, kind in heads]
    heads = [*((theme.title, theme.id) for theme in themes), ("Sans thème", None)]
    return [(head, [note for note in notes if note.theme_id == theme]) for head, theme in heads]


async def _counted(request: Request[Any, Any, Any]) -> None:
    """Raises:
    TooMany: too much was posted from there.
    """
    services = services_of(request)
    await POSTED.count(services.database, host_of(request), at=services.clock.now())


@post(f"{ADDRESS}/notes", right=Right.ANYONE, opt=_OPTIONS)
async def do_note(
    request: Request[Any, Any, Any], group: FromPath[str], key: FromPath[str], form: PostedForm
) -> Response[Any]:
    services = services_of(request)
    await _counted(request)
    async with services.database.transaction() as session:
        joined, browser = await _enter(request, session, group, key, sharing=True)
        command = form.command(
            NoteIn,
            {},
            kind=form.choice("kind", list(FACTOR_WORDS)),
            text=form.text("text", required="Écrivez une note.", longest=LONGEST_NOTE),
        )
        async with form.submitted(lambda: _page(request, session, joined, browser, form), conflict=""):
            await post_note(session, joined.workshop, browser, command, services.clock.now())
    return redirect(request, f"/atelier/{group}/{key}", done="Votre note est affichée.")


@post(f"{ADDRESS}/notes/{{note_id:int}}/retrait", right=Right.ANYONE, opt=_OPTIONS)
async def do_take_back(
    request: Request[Any, Any, Any], group: FromPath[str], key: FromPath[str], note_id: FromPath[int]
) -> Response[Any]:
    await _counted(request)
    async with taken_once(request) as session:
        joined, browser = await _enter(request, session, group, key, sharing=True)
        await take_back_note(session, joined.workshop, browser, known_id(note_id))
        return redirect(request, f"/atelier/{group}/{key}", done="Votre note est retirée.")


@post(f"{ADDRESS}/gommettes", right=Right.ANYONE, opt=_OPTIONS)
async def do_dots(
    request: Request[Any, Any, Any], group: FromPath[str], key: FromPath[str], form: PostedForm
) -> Response[Any]:
    await _counted(request)
    async with services_of(request).database.transaction() as session:
        joined, browser = await _enter(request, session, group, key, sharing=True)
        chosen = {found for typed in form.all("themes")[:100] if (found := id_typed(typed)) is not None}
        async with form.submitted(lambda: _page(request, session, joined, browser, form), conflict=""):
            await put_dots(session, joined.workshop, browser, chosen)
    return redirect(request, f"/atelier/{group}/{key}", done="Vos gommettes sont posées.")


FRONT = [show_workshop, do_note, do_take_back, do_dots]
