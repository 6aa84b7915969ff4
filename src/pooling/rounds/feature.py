"""What prioritisation rounds add to what features share."""

from pooling.actions.page import ACTIONS
from pooling.members.features import Feature, Section
from pooling.members.rights import Right
from pooling.rounds import acts, api, ballot_pages, pages
from pooling.rounds.agenda import RANKINGS
from pooling.rounds.departing import DEPARTURE
from pooling.rounds.event_words import EVENTS
from pooling.rounds.leaving import rounds_ahead, votes_unfinished
from pooling.rounds.page import ROUNDS
from pooling.rounds.reminders import round_kinds
from pooling.rounds.running import turn_what_is_due
from pooling.rounds.subject import SUBJECT
from pooling.rounds.tasks import BALLOTS_TO_FILE, ROUNDS_TO_LEAD
from pooling.rounds.workshops import joining
from pooling.rounds.workshops import pages as workshop_pages
from pooling.rounds.workshops.leading import end_what_has_expired

FEATURE = Feature(
    pages=(*pages.ROUTES, *ballot_pages.ROUTES, *workshop_pages.ROUTES),
    front=joining.FRONT,
    api=api.ROUTES,
    sections=(
        Section("Tours de priorisation", ROUNDS, Right.SEE_GROUP, under=ACTIONS),
        Section("Ateliers", workshop_pages.WORKSHOPS, Right.SEE_GROUP, under=ACTIONS),
    ),
    kinds=round_kinds,
    chores=lambda _: (turn_what_is_due, end_what_has_expired),
    tasks=(BALLOTS_TO_FILE, ROUNDS_TO_LEAD),
    events=EVENTS,
    announced={"round.open": "Vote ouvert", "round.closed": "Vote clos", "round.adopted": "Classement adopté"},
    agenda_sources=(RANKINGS,),
    subjects=(SUBJECT,),
    acts=(acts.ADOPT,),
    on_leaving=(votes_unfinished,),
    departures=(DEPARTURE,),
    ahead=(rounds_ahead,),
)
