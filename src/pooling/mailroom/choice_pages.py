"""Mes courriels: which kinds of mail somebody receives from the group, and which not."""

from typing import Any

from litestar import Response, get, post

from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.reminders.opting_out import opt_in, opt_out, opted_out_kinds
from pooling.web.forms import Form, PostedForm

SECTION = "/mes-courriels"
FIELD = "kinds"


@get(SECTION, right=Right.SEE_GROUP)
async def ask_choice(here: Here[GroupPage]) -> Response[str]:
    choices = here.features.choices
    opted_out = await opted_out_kinds(here.session, here.caller.person_id)
    return here.render(
        "mailroom/mail_choice.html",
        "Mes courriels",
        form=Form(lists={FIELD: [kind.name for kind in choices if kind.name not in opted_out]}),
        choices=[(kind.name, kind.label, kind.receivers) for kind in choices],
        url=here.url + SECTION,
    )


@post(SECTION, right=Right.SEE_GROUP)
async def do_choice(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    wanted = set(form.all(FIELD))
    opted_out = await opted_out_kinds(here.session, here.caller.person_id)
    for kind in here.features.choices:
        if (kind.name in wanted) == (kind.name not in opted_out):
            continue
        change = opt_in if kind.name in wanted else opt_out
        await change(here.session, here.caller.person_id, kind, here.now)
    return here.redirect(SECTION, done="Votre choix est enregistré.")


ROUTES = [ask_choice, do_choice]
