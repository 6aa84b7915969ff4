"""The group's mails that did not arrive: why, and once more."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, FromQuery

from pooling.accounts.who import signed_in
from pooling.kernel.tables import LARGEST_ID
from pooling.mailroom.pages import FAILED, SECTION, crumbs, shared
from pooling.mailroom.queries import failed_page
from pooling.mailroom.sending_now import retry_mail
from pooling.mailroom.tasks import count_waiting
from pooling.mailroom.trial import queue_trial
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.features import features_of
from pooling.members.page_parts import context_of
from pooling.members.people_queries import people_out_of_reach
from pooling.members.rights import Right
from pooling.outbox.failures import failure_words, is_address_at_fault, is_hopeless
from pooling.web.cursors import with_query
from pooling.web.forms import PostedForm
from pooling.web.layout import redirect, render
from pooling.web.services import services_of


@get(FAILED, right=Right.MANAGE_REMINDERS)
async def list_failed(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    avant: FromQuery[str] = "",
) -> Response[str]:
    caller.require(Right.MANAGE_REMINDERS)
    before = int(avant) if avant.isascii() and avant.isdigit() and len(avant) < len(str(LARGEST_ID)) else None
    failed, next_id = await failed_page(session, before=before)
    base = f"/g/{entered_group.slug}"
    return render(
        request,
        "mailroom/failed_mails.html",
        breadcrumb=crumbs(base, ("En échec", None)),
        failed=failed,
        waiting=await count_waiting(session, services_of(request).clock.now()),
        why=failure_words,
        is_address_at_fault=is_address_at_fault,
        out_of_reach=await people_out_of_reach(session),
        people_url=f"{base}/personnes",
        hopeless=is_hopeless,
        url=base + FAILED,
        reminders_url=base + SECTION,
        first_url=base + FAILED if before else None,
        next_url=with_query(base + FAILED, {"avant": str(next_id)}) if next_id else None,
        **shared(request, caller, entered_group, FAILED),
    )


@post(FAILED + "/{message_id:int}/nouvel-envoi", right=Right.MANAGE_REMINDERS)
async def do_retry(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    message_id: FromPath[int],
    form: PostedForm,  # noqa: ARG001 - for its token
) -> Response[Any]:
    services = services_of(request)
    await retry_mail(session, caller, features_of(request).kinds, message_id, context_of(request, entered_group))
    done, mailed = "Le courriel est remis dans la file", "il repart"
    answer = redirect(request, f"/g/{entered_group.slug}{FAILED}", done=done, mailed=mailed)
    answer.background = BackgroundTask(services.bell.ring, "deliver")
    return answer


@post(FAILED + "/essai", right=Right.MANAGE_REMINDERS)
async def do_trial(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,  # noqa: ARG001 - for its token
) -> Response[Any]:
    """Says what is done, a mail written down, and not what nobody knows yet: that it arrives."""
    services, email = services_of(request), signed_in(request).email
    await queue_trial(session, caller, email, services.clock.now())
    done = f"Un courriel d’essai attend son envoi à {email}"
    mailed = "s’il n’arrive pas, l’envoi ne marche pas"
    answer = redirect(request, f"/g/{entered_group.slug}{FAILED}", done=done, mailed=mailed)
    answer.background = BackgroundTask(services.bell.ring, "deliver")
    return answer


ROUTES = [list_failed, do_retry, do_trial]
