"""The facilitator's settings of reminders: when each kind leaves in this group, and what it opens with."""

import re
from dataclasses import replace
from typing import Any

from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, FromQuery

from pooling.accounts.sessions import EnteredGroup
from pooling.kernel.errors import NotFound
from pooling.mailroom.pages import SETTINGS, crumbs, shared
from pooling.mailroom.queries import count_opt_outs, opt_outs_page
from pooling.mailroom.sending_now import kind_named
from pooling.mailroom.settings import LONGEST_WORDING, MOST_DAYS, change_reminders, check_setting
from pooling.mailroom.words import dates_in_words
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.features import features_of
from pooling.members.rights import Caller, Right
from pooling.reminders.kinds import Kind
from pooling.reminders.settings import NO_SETTING, KindSetting, read_settings, schedule_for
from pooling.web.cursors import pages_after, unpack_key
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import redirect, render
from pooling.web.services import services_of

_DAY = re.compile(r"([jJ])\s*([-−+])\s*")
_BETWEEN = re.compile(r"[,;\s]+(?:et\s+)?")
_DAYS = re.compile(r"(?:[jJ][-−+]?)?(\d{1,3})")
_UNIT = re.compile(r"jours?", re.IGNORECASE)
FARTHEST = 366


@get(SETTINGS, right=Right.MANAGE_REMINDERS)
async def list_settings(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, entered_group: EnteredGroupHere
) -> Response[str]:
    caller.require(Right.MANAGE_REMINDERS)
    settings = await read_settings(session)
    opt_outs = await count_opt_outs(session)
    lines = []
    for kind in features_of(request).kinds:
        setting, _ = settings.get(kind.name, (NO_SETTING, None))
        dates = dates_in_words(kind, schedule_for(kind, setting))
        lines.append((kind, dates, setting != NO_SETTING, opt_outs.get(kind.name, 0)))
    return render(
        request,
        "mailroom/reminder_settings.html",
        breadcrumb=crumbs(f"/g/{entered_group.slug}", ("Réglages", None)),
        lines=lines,
        url=f"/g/{entered_group.slug}{SETTINGS}",
        **shared(request, caller, entered_group, SETTINGS),
    )


def _kind(request: Request[Any, Any, Any], name: str) -> Kind:
    kind = kind_named(features_of(request).kinds, name)
    if kind is None:
        raise NotFound
    return kind


@get(SETTINGS + "/{kind:str}", right=Right.MANAGE_REMINDERS)
async def ask_setting(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    kind: FromPath[str],
) -> Response[str]:
    caller.require(Right.MANAGE_REMINDERS)
    found = _kind(request, kind)
    setting, _ = (await read_settings(session)).get(kind, (NO_SETTING, None))
    return _page(request, caller, entered_group, found, _filled(found, setting), own=setting != NO_SETTING)


def _filled(kind: Kind, setting: KindSetting) -> Form:
    offsets = kind.schedule.offsets if setting.offsets is None else setting.offsets
    hour = setting.hour or kind.schedule.hour
    return form_of(
        {
            "active": "1" if setting.active and (offsets or kind.lawful) else "",
            "before": ", ".join(str(-offset) for offset in sorted(offsets) if offset <= 0),
            "after": ", ".join(str(offset) for offset in sorted(offsets) if offset > 0),
            "hour": f"{hour:%H:%M}",
            "wording": setting.wording,
        }
    )


def _page(
    request: Request[Any, Any, Any], caller: Caller, group: EnteredGroup, kind: Kind, form: Form, *, own: bool
) -> Response[str]:
    offsets = kind.schedule.offsets
    return render(
        request,
        "mailroom/reminder_setting.html",
        breadcrumb=crumbs(f"/g/{group.slug}", ("Réglages", SETTINGS), (kind.label, None)),
        form=form,
        kind=kind,
        own=own,
        territory=dates_in_words(kind, kind.schedule),
        asks_before=not offsets or min(offsets) <= 0,
        asks_after=not offsets or max(offsets) > 0,
        longest=LONGEST_WORDING,
        url=f"/g/{group.slug}{SETTINGS}/{kind.name}",
        cancel_url=f"/g/{group.slug}{SETTINGS}",
        **shared(request, caller, group, SETTINGS),
    )


@post(SETTINGS + "/{kind:str}", right=Right.MANAGE_REMINDERS)
async def do_setting(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
    kind: FromPath[str],
) -> Response[Any]:
    found = _kind(request, kind)
    hour = form.time("hour")
    before, after = _days(form, "before"), _days(form, "after")
    setting = KindSetting(
        active=form.value("active") == "1",
        offsets=tuple(sorted({*(-days for days in before), *(days for days in after if days)})),
        hour=hour,
        wording=form.lines("wording", longest=LONGEST_WORDING),
    )
    if not setting.active:
        setting = KindSetting(active=False, offsets=setting.offsets or None, hour=hour, wording=setting.wording)
    unread = form.error("before") or form.error("after")
    with form.joined():
        check_setting(found, replace(setting, offsets=None) if unread else setting)
    if not form.has_errors:
        with form.redisplayed():
            await change_reminders(session, caller, found, setting, services_of(request).clock.now())
    if form.has_errors:
        raise Redisplay(_page(request, caller, entered_group, found, form, own=True))
    return _saved(request, entered_group, "C’est enregistré. Les relances prévues suivent dans la minute.")


def _days(form: Form, name: str) -> list[int]:
    """Numbers of days, as people write them: `15, 7, 1`, `J-15 ; J-7`, `15 7 et 1`."""
    words = _BETWEEN.split(_DAY.sub(r"\1\2", form.value(name).strip()))
    matches = [_DAYS.fullmatch(word) for word in words if word and not _UNIT.fullmatch(word)]
    days = [int(match[1]) for match in matches if match is not None]
    if len(days) < len(matches) or any(each > FARTHEST for each in days):
        form.refuse(name, f"Indiquez des nombres de jours, de 0 à {FARTHEST}, par exemple 15, 7, 1.")
    elif len(days) > MOST_DAYS:
        form.refuse(name, f"Indiquez {MOST_DAYS} nombres de jours au plus.")
    return days


def _saved(request: Request[Any, Any, Any], group: EnteredGroup, done: str) -> Response[Any]:
    answer = redirect(request, f"/g/{group.slug}{SETTINGS}", done=done)
    answer.background = BackgroundTask(services_of(request).bell.ring, "sweep")
    return answer


@post(SETTINGS + "/{kind:str}/retour", right=Right.MANAGE_REMINDERS)
async def undo_setting(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    kind: FromPath[str],
    form: PostedForm,  # noqa: ARG001 - for its token
) -> Response[Any]:
    await change_reminders(session, caller, _kind(request, kind), NO_SETTING, services_of(request).clock.now())
    return _saved(request, entered_group, "Le réglage du territoire s’applique de nouveau.")


@get(SETTINGS + "/{kind:str}/refus", right=Right.MANAGE_REMINDERS)
async def list_opt_outs(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    kind: FromPath[str],
    apres: FromQuery[str] = "",
) -> Response[str]:
    caller.require(Right.MANAGE_REMINDERS)
    found = _kind(request, kind)
    people, next_key = await opt_outs_page(session, kind, after=unpack_key(apres))
    url = f"/g/{entered_group.slug}{SETTINGS}/{kind}/refus"
    return render(
        request,
        "mailroom/opt_outs.html",
        breadcrumb=crumbs(f"/g/{entered_group.slug}", ("Réglages", SETTINGS), ("Ne veulent plus recevoir", None)),
        kind=found,
        people=people,
        **pages_after(url, apres, next_key),
        **shared(request, caller, entered_group, SETTINGS),
    )


ROUTES = [list_settings, ask_setting, do_setting, undo_setting, list_opt_outs]
