"""The facilitator's settings of reminders: when each kind leaves in this group, and what it opens with."""

import re
from dataclasses import replace
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.kernel.slices import Slice
from pooling.mailroom.page import SECTION, SETTINGS, KindPage, RemindersPage
from pooling.mailroom.queries import count_opt_outs, opt_outs_page
from pooling.mailroom.settings import LONGEST_WORDING, MOST_DAYS, change_reminders, check_setting
from pooling.mailroom.words import dates_in_words
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.reminders.kinds import Kind
from pooling.reminders.settings import NO_SETTING, KindSetting, read_settings, schedule_for
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of

PATH = SECTION + SETTINGS
OF_KIND = PATH + "/{kind:str}"
_DAY = re.compile(r"([jJ])\s*([-−+])\s*")
_BETWEEN = re.compile(r"[,;\s]+(?:et\s+)?")
_DAYS = re.compile(r"(?:[jJ][-−+]?)?(\d{1,3})")
_UNIT = re.compile(r"jours?", re.IGNORECASE)
FARTHEST = 366


@get(PATH, right=Right.MANAGE_REMINDERS)
async def list_settings(here: Here[RemindersPage]) -> Response[str]:
    settings = await read_settings(here.session)
    opt_outs = await count_opt_outs(here.session)
    lines = []
    for kind in here.features.kinds:
        setting, _ = settings.get(kind.name, (NO_SETTING, None))
        dates = dates_in_words(kind, schedule_for(kind, setting))
        lines.append((kind, dates, setting != NO_SETTING, opt_outs.get(kind.name, 0)))
    return here.render(
        "mailroom/reminder_settings.html",
        "Réglages",
        tabs=here.sections("/comites"),
        pages=here.pages(SETTINGS),
        lines=lines,
        url=here.url + SETTINGS,
    )


@get(OF_KIND, right=Right.MANAGE_REMINDERS)
async def ask_setting(here: Here[KindPage]) -> Response[str]:
    setting, _ = (await read_settings(here.session)).get(here.kind.name, (NO_SETTING, None))
    return await _page(here, _filled(here.kind, setting), own=setting != NO_SETTING)


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


async def _page(here: KindPage, form: Form, *, own: bool = True) -> Response[str]:
    offsets = here.kind.schedule.offsets
    return here.render(
        "mailroom/reminder_setting.html",
        here.kind.label,
        form=form,
        own=own,
        territory=dates_in_words(here.kind, here.kind.schedule),
        asks_before=not offsets or min(offsets) <= 0,
        asks_after=not offsets or max(offsets) > 0,
        longest=LONGEST_WORDING,
    )


@post(OF_KIND, right=Right.MANAGE_REMINDERS)
async def do_setting(here: Here[KindPage], form: PostedForm) -> Response[Any]:
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
        check_setting(here.kind, replace(setting, offsets=None) if unread else setting)
    async with form.submitted(lambda: _page(here, form)):
        await change_reminders(here.session, here.caller, here.kind, setting, here.now)
    return here.to_group(PATH, done="C’est enregistré. Les relances prévues suivent dans la minute.", rings="sweep")


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


@post(OF_KIND + "/retour", right=Right.MANAGE_REMINDERS)
async def undo_setting(here: Here[KindPage]) -> Response[Any]:
    await change_reminders(here.session, here.caller, here.kind, NO_SETTING, here.now)
    return here.to_group(PATH, done="Le réglage du territoire s’applique de nouveau.", rings="sweep")


@get(OF_KIND + "/refus", right=Right.MANAGE_REMINDERS)
async def list_opt_outs(here: Here[KindPage], apres: FromQuery[str] = "") -> Response[str]:
    people = await opt_outs_page(here.session, here.kind.name, Slice(apres))
    return here.render(
        "mailroom/opt_outs.html",
        "Ne veulent plus recevoir",
        people=people.items,
        **pages_after(f"{here.url}/refus", apres, people),
    )


ROUTES = [list_settings, ask_setting, do_setting, undo_setting, list_opt_outs]
