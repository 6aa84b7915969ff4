"""The facilitator's pages of reminders: what leaves, what left, to whom, with what words; sending before the time."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.kernel.slices import Slice
from pooling.mailroom.occasions import TABS, OccasionState, occasions_page
from pooling.mailroom.page import FAILED, SECTION, OccasionPage, RemindersPage
from pooling.mailroom.queries import MailShown, file_names, find_reminder, has_failed, mail_of, people_of_occasion
from pooling.mailroom.sending_now import kind_named, preview_mail, send_occasion
from pooling.mailroom.words import EXPLAINED, STATES, offset_word
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.outbox.failures import failure_words, is_hopeless
from pooling.outbox.mail import rendered
from pooling.web.cursors import pages_after
from pooling.web.forms import form_of
from pooling.web.typography import date_time_long, plural

OCCASION = SECTION + "/{reminder_id:int}"


@get(SECTION, right=Right.MANAGE_REMINDERS)
async def list_occasions(
    here: Here[RemindersPage],
    etat: FromQuery[str] = "a-venir",
    sorte: FromQuery[str] = "",
    apres: FromQuery[str] = "",
) -> Response[str]:
    kinds = here.features.kinds
    tab = etat if etat in TABS else "a-venir"
    kind = sorte if kind_named(kinds, sorte) else ""
    occasions = await occasions_page(here.session, kinds, tab, Slice(apres), kind=kind)
    filters = {"etat": tab, "sorte": kind}
    return here.render(
        "mailroom/reminders.html",
        tabs=here.sections("/comites"),
        pages=here.pages(tab),
        form=form_of(filters),
        tab=tab,
        occasions=occasions.items,
        kinds=[(each.name, each.label) for each in kinds],
        failed=tab == "parties" and await has_failed(here.session),
        offset_word=offset_word,
        shown=OccasionState,
        **pages_after(here.url, apres, occasions, filters),
    )


@get(OCCASION, right=Right.MANAGE_REMINDERS)
async def show_occasion(
    here: Here[OccasionPage],
    etat: FromQuery[str] = "",
    cherche: FromQuery[str] = "",
    apres: FromQuery[str] = "",
) -> Response[str]:
    occasion = here.occasion
    state = etat if etat in {str(each) for each in OccasionState} else ""
    filters = {"etat": state, "cherche": cherche[:200]}
    people = await people_of_occasion(here.session, occasion, Slice(apres), state=state, search=filters["cherche"])
    return here.render(
        "mailroom/occasion.html",
        form=form_of(filters),
        people=people.items,
        states=STATES,
        explained=EXPLAINED,
        choices=[(str(each), STATES[each][1]) for each in OccasionState if occasion.counts.get(each)],
        why=failure_words,
        filtered=bool(state or cherche),
        **pages_after(here.url, apres, people, filters),
    )


@get(OCCASION + "/courriel", right=Right.MANAGE_REMINDERS)
async def show_mail(here: Here[OccasionPage], reminder_id: FromPath[int]) -> Response[str]:
    """What was written to one person, or what would be now."""
    reminder = await find_reminder(here.session, reminder_id)
    mail = (
        await _previewed(here, reminder_id)
        if reminder.state is OccasionState.PLANNED
        else await mail_of(here.session, reminder.message_id)
        if reminder.message_id is not None
        else None
    )
    return here.render(
        "mailroom/reminder_mail.html",
        reminder.name,
        reminder=reminder,
        mail=mail,
        tag=STATES[reminder.state],
        explained=EXPLAINED.get(reminder.state, ""),
        reason=failure_words(reminder.error) if reminder.error and reminder.state is OccasionState.FAILED else "",
        hopeless=is_hopeless(reminder.error or ""),
        planned=reminder.state is OccasionState.PLANNED,
        retry_url=f"{here.section_url}{FAILED}/{reminder.message_id}/nouvel-envoi",
    )


async def _previewed(here: OccasionPage, reminder_id: int) -> MailShown | None:
    mail = await preview_mail(here.session, here.features.kinds, reminder_id, here.context)
    if mail is None:
        return None
    said = rendered(mail)
    return MailShown(mail.recipient, said.subject, said.text, await file_names(here.session, mail))


@get(OCCASION + "/envoi", right=Right.MANAGE_REMINDERS)
async def ask_sending(here: Here[OccasionPage]) -> Response[str]:
    occasion = here.occasion
    planned = occasion.counts.get(OccasionState.PLANNED, 0) if here.may_send else 0
    about = f" à propos de « {occasion.subject.label} »" if occasion.subject else ""
    consequences = [
        f"{plural(planned, 'personne reçoit', 'personnes reçoivent')} ce courriel tout de suite{about}.",
        f"Il devait partir {date_time_long(occasion.due_at, here.zone)} : il ne partira pas une seconde fois.",
    ]
    return here.ask(
        "Envoyer maintenant",
        question="Envoyer ces relances maintenant ?" if planned else "Il n’y a plus rien à envoyer",
        consequences=consequences if planned else ["Tout est déjà parti, ou n’a plus lieu d’être."],
        action="/envoi",
        label="Envoyer maintenant",
        danger=False,
    )


@post(OCCASION + "/envoi", right=Right.MANAGE_REMINDERS)
async def do_sending(here: Here[OccasionPage]) -> Response[Any]:
    count, written = await send_occasion(here.session, here.caller, here.features.kinds, here.occasion, here.context)
    done = "Les relances ne sont plus attendues à leur date" if count else "Il n’y avait plus rien à envoyer."
    mailed = plural(count, "part maintenant", "partent maintenant") if count else ""
    return here.redirect(done=done, mailed=mailed, rings="deliver" if written == count else "sweep")


ROUTES = [list_occasions, show_occasion, show_mail, ask_sending, do_sending]
