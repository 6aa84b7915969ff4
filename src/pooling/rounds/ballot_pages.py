"""A member's ballot, and who has voted."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.collections.rules import accepts
from pooling.kernel.slices import Slice
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.rounds.finding import choices_of, collection_of
from pooling.rounds.models import HIGHEST_MARK, Mark, Method
from pooling.rounds.page import BALLOT, BALLOTS, BallotPage, RoundPage
from pooling.rounds.permissions import may_read_ballot, may_vote
from pooling.rounds.queries import voters_listed
from pooling.rounds.rules import criteria_asked, is_revealed, shows_turnout
from pooling.rounds.voting import ballot_of, file_ballot
from pooling.rounds.words import CRITERION_HINTS, CRITERION_WORDS, asks, discretion, weighs
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.typography import date_time_long, deadline_words, of_name

MARKS = [(str(value), str(value)) for value in range(1, HIGHEST_MARK + 1)]


@get(BALLOTS, right=Right.SEE_GROUP)
async def list_voters(here: Here[RoundPage], apres: FromQuery[str] = "") -> Response[str]:
    url = f"{here.url}/bulletins"
    listed = await voters_listed(here.session, here.round, Slice(apres))
    return here.render(
        "rounds/voters.html",
        "Bulletins",
        found=here.round,
        voters=listed.items,
        revealed=is_revealed(here.round),
        shows_turnout=shows_turnout(here.round),
        weighs=weighs,
        **pages_after(url, apres, listed),
    )


@get(BALLOT, right=may_read_ballot)
async def show_ballot(here: Here[BallotPage]) -> Response[str]:
    ballot = await ballot_of(here.session, here.round.id, here.member.id)
    form = form_of({_field(mark, action): value for action, of in ballot.marks.items() for mark, value in of.items()})
    form.values["seen"] = ballot.version
    return await _ballot_page(here, form)


def _field(mark: Mark, action: int) -> str:
    return f"{mark}-{action}"


async def _ballot_page(here: BallotPage, form: Form) -> Response[str]:
    """What was seen stays so, unless the person has just been told that somebody was faster."""
    ballot = await ballot_of(here.session, here.round.id, here.member.id)
    collection = await collection_of(here.session, here.round.id)
    if form.conflict == "changed_meanwhile":
        form.values["seen"] = ballot.version
    now_open = accepts(collection, here.now)
    choices = await choices_of(here.session, here.round.id)
    points = here.round.method == Method.POINTS
    asked = [Mark.POINTS] if points else criteria_asked(here.round)
    return here.render(
        "rounds/ballot.html",
        f"Bulletin {of_name(here.member.name)}",
        form=form,
        found=here.round,
        ballot=ballot,
        choices=choices,
        points=points,
        asked=[(str(mark), CRITERION_WORDS.get(mark, "Points"), CRITERION_HINTS.get(mark)) for mark in asked],
        marks=MARKS,
        votes=now_open and may_vote(here.caller, here.member),
        given=sum(value for of in ballot.marks.values() for value in of.values()),
        until=deadline_words(collection.closes_at, here.now, here.zone) if collection and now_open else "",
        filed=date_time_long(ballot.filed_at, here.zone) if ballot.filed_at else "",
        how=asks(here.round),
        discretion=discretion(here.round),
        labels={_field(mark, one.id): one.title for mark in asked for one in choices},
    )


@post(BALLOT, right=may_vote)
async def do_ballot(here: Here[BallotPage], form: PostedForm) -> Response[Any]:
    marks = await _read(here, form)
    async with form.submitted(lambda: _ballot_page(here, form), conflict=""):
        await file_ballot(
            here.session,
            here.caller,
            here.round.reference,
            here.member,
            marks,
            here.clock,
            seen=form.value("seen") or None,
        )
    return here.redirect(
        f"/bulletins/{here.member.code}",
        done="Votre bulletin est enregistré. Vous pouvez le corriger jusqu’à la clôture.",
    )


async def _read(here: BallotPage, form: Form) -> dict[int, dict[Mark, int]]:
    """A field that is empty gives nothing."""
    points = here.round.method == Method.POINTS
    asked = [Mark.POINTS] if points else criteria_asked(here.round)
    found: dict[int, dict[Mark, int]] = {}
    for choice in await choices_of(here.session, here.round.id):
        for mark in asked:
            name = _field(mark, choice.id)
            if form.value(name).strip():
                value = form.integer(name, largest=here.round.budget if points else HIGHEST_MARK)
                if value:
                    found.setdefault(choice.id, {})[mark] = value
    return found


ROUTES = [list_voters, show_ballot, do_ballot]
