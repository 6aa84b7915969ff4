"""What committees add to what features share."""

from collections.abc import Sequence

from pooling.committees.action_part import committees_part
from pooling.committees.agendas import api as agenda_api
from pooling.committees.agendas import difficulty_api, difficulty_pages, file_pages
from pooling.committees.agendas import pages as agenda_pages
from pooling.committees.agendas.difficulties import carry_what_is_open
from pooling.committees.agendas.results import put_results_on_agenda
from pooling.committees.agendas.round_part import round_part
from pooling.committees.agendas.suggestions import DIFFICULTIES
from pooling.committees.convening_notice import schedule_of
from pooling.committees.convocations import pages as convocation_pages
from pooling.committees.convocations.convening import convene_at
from pooling.committees.decisions import api as decision_api
from pooling.committees.decisions import board_pages, effect_pages, follow_up_pages
from pooling.committees.decisions import pages as decision_pages
from pooling.committees.decisions import reminders as decision_reminders
from pooling.committees.decisions.agenda import DECISIONS
from pooling.committees.decisions.leaving import decisions_left_alone
from pooling.committees.departing import DEPARTURE
from pooling.committees.event_words import EVENTS
from pooling.committees.invitations import answering_pages, attendance_pages, guest_pages
from pooling.committees.invitations import api as invitation_api
from pooling.committees.invitations import pages as invitation_pages
from pooling.committees.invitations.answering import void_lost_proxies
from pooling.committees.invitations.calendar_replies import note_reply
from pooling.committees.invitations.guests import forget_guests
from pooling.committees.invitations.inviting import invite_newcomers
from pooling.committees.invitations.taking_off import take_off_departed
from pooling.committees.meetings import api as meeting_api
from pooling.committees.meetings import digest
from pooling.committees.meetings import pages as meeting_pages
from pooling.committees.meetings import reminders as meeting_reminders
from pooling.committees.meetings.ahead import committees_ahead
from pooling.committees.minutes import pages as minutes_pages
from pooling.committees.minutes import publishing_pages, search_pages
from pooling.committees.minutes import reminders as minutes_reminders
from pooling.committees.tasks import committees_to_work_for, decisions_to_act_on
from pooling.members.features import Entry, Feature, Section
from pooling.members.rights import Right
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.kinds import Kind
from pooling.reminders.sweep import Chore


def _kinds(configuration: ReminderConfiguration) -> list[Kind]:
    rooms = (meeting_reminders, minutes_reminders, decision_reminders)
    return [*(kind for room in rooms for kind in room.kinds(configuration)), digest.kind(configuration)]


def _chores(configuration: ReminderConfiguration) -> Sequence[Chore]:
    convene = convene_at(schedule_of(configuration).hour)
    return (
        void_lost_proxies,
        take_off_departed,
        invite_newcomers,
        carry_what_is_open,
        put_results_on_agenda,
        convene,
    )


FEATURE = Feature(
    pages=(
        *meeting_pages.ROUTES,
        *answering_pages.ROUTES,
        *invitation_pages.ROUTES,
        *attendance_pages.ROUTES,
        *guest_pages.ROUTES,
        *board_pages.ROUTES,
        *search_pages.ROUTES,
        *minutes_pages.ROUTES,
        *publishing_pages.ROUTES,
        *decision_pages.ROUTES,
        *effect_pages.ROUTES,
        *follow_up_pages.ROUTES,
        *agenda_pages.ROUTES,
        *convocation_pages.ROUTES,
        *difficulty_pages.ROUTES,
        *file_pages.ROUTES,
    ),
    api=(
        *meeting_api.ROUTES,
        *invitation_api.ROUTES,
        *agenda_api.ROUTES,
        *decision_api.ROUTES,
        *difficulty_api.ROUTES,
    ),
    navigation=(Entry("Comités", "/comites", Right.SEE_GROUP),),
    sections=(
        Section("Réunions", "/comites", Right.SEE_GROUP, under="/comites"),
        Section("Décisions", "/comites/decisions", Right.SEE_GROUP, under="/comites"),
        Section("Difficultés", "/comites/difficultes", Right.SEE_GROUP, under="/comites"),
    ),
    kinds=_kinds,
    chores=_chores,
    action_parts=(committees_part,),
    tasks=(committees_to_work_for, decisions_to_act_on),
    events=EVENTS,
    agenda_sources=(DECISIONS, DIFFICULTIES),
    round_parts=(round_part,),
    on_leaving=(decisions_left_alone,),
    ahead=(committees_ahead,),
    forgets=(forget_guests,),
    departures=(DEPARTURE,),
    calendar_replies=(note_reply,),
)
