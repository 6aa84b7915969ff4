"""The group's mails that did not arrive: why, and once more."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.kernel.slices import Slice
from pooling.mailroom.page import FAILED, SECTION, RemindersPage
from pooling.mailroom.queries import failed_page
from pooling.mailroom.sending_now import retry_mail
from pooling.mailroom.tasks import count_waiting
from pooling.mailroom.trial import queue_trial
from pooling.members.group_page import Here
from pooling.members.people_queries import people_out_of_reach
from pooling.members.rights import Right
from pooling.outbox.failures import failure_words, is_address_at_fault, is_hopeless
from pooling.web.cursors import pages_after

PATH = SECTION + FAILED


@get(PATH, right=Right.MANAGE_REMINDERS)
async def list_failed(here: Here[RemindersPage], apres: FromQuery[str] = "") -> Response[str]:
    failed = await failed_page(here.session, Slice(apres))
    url = here.url + FAILED
    return here.render(
        "mailroom/failed_mails.html",
        "En échec",
        tabs=here.sections("/comites"),
        pages=here.pages(FAILED),
        failed=failed.items,
        waiting=await count_waiting(here.session, here.now),
        why=failure_words,
        is_address_at_fault=is_address_at_fault,
        out_of_reach=await people_out_of_reach(here.session),
        hopeless=is_hopeless,
        url=url,
        **pages_after(url, apres, failed),
    )


@post(PATH + "/{message_id:int}/nouvel-envoi", right=Right.MANAGE_REMINDERS)
async def do_retry(here: Here[RemindersPage], message_id: FromPath[int]) -> Response[Any]:
    await retry_mail(here.session, here.caller, here.features.kinds, message_id, here.context)
    return here.redirect(FAILED, done="Le courriel est remis dans la file", mailed="il repart", rings="deliver")


@post(PATH + "/essai", right=Right.MANAGE_REMINDERS)
async def do_trial(here: Here[RemindersPage]) -> Response[Any]:
    """Says what is done, a mail written down, and not what nobody knows yet: that it arrives."""
    email = here.sender.email
    await queue_trial(here.session, here.caller, email, here.now)
    done = f"Un courriel d’essai attend son envoi à {email}"
    return here.redirect(FAILED, done=done, mailed="s’il n’arrive pas, l’envoi ne marche pas", rings="deliver")


ROUTES = [list_failed, do_retry, do_trial]
