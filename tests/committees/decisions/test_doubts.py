"""Votes and presence that do not go together are told before the minutes stay for ever."""

import re
from datetime import date

import pytest

from committees.minutes.test_minutes import HELD, held, save
from factories import Territory
from pooling.committees.decisions.doubts import doubts_of_due_date, doubts_of_votes
from pooling.committees.people import Counts
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from web_client import SignIn, insisting, text_of

FACILITATOR = "animation@bassin.example"


@pytest.mark.parametrize(
    ("votes", "counts", "said"),
    [
        (57, Counts(invited=3), "57 voix pour 3 personnes invitées."),
        (57, Counts(invited=3, absent=3), "57 voix pour aucune personne présente ou représentée."),
        (4, Counts(invited=9, present=2, represented=1), "4 voix pour 3 personnes présentes ou représentées."),
    ],
)
def test_more_votes_than_voices_are_told(votes: int, counts: Counts, said: str) -> None:
    (sentence,) = doubts_of_votes(votes, counts, "Décision n° 1")
    assert sentence.replace("\xa0", " ") == f"Décision n° 1 : {said}"


@pytest.mark.parametrize(
    ("votes", "counts"),
    [
        (0, Counts()),
        (0, Counts(invited=3, absent=3)),
        (3, Counts(invited=3)),
        (3, Counts(invited=9, present=2, represented=1)),
    ],
)
def test_votes_of_those_who_are_there_are_not(votes: int, counts: Counts) -> None:
    assert doubts_of_votes(votes, counts, "Décision n° 1") == []


@pytest.mark.parametrize(
    ("due_on", "said"),
    [
        (date(2020, 3, 3), ["Décision n° 1 : l’échéance, mardi 3 mars 2020, précède la réunion, lundi 1er mars 2027."]),
        (date(2072, 3, 3), ["Décision n° 1 : l’échéance, jeudi 3 mars 2072, est dans plus de cinq ans."]),
        (date(2027, 3, 1), []),
        (None, []),
    ],
)
def test_a_due_date_before_the_meeting_is_told(due_on: date | None, said: list[str]) -> None:
    assert doubts_of_due_date(due_on, date(2027, 3, 1), "Décision n° 1") == said


async def test_fifty_votes_of_four_people_are_told_when_typed_and_before_they_are_published(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    clock.instant = HELD
    page = await held(database, territory)
    browser = await sign_in(FACILITATOR)
    form = f"{page}/decisions/nouvelle"
    typed = {"content": "Acheter", "votes_for": "50", "votes_against": "7"}
    doubted = await browser.post(form, typed, page=form)
    assert doubted.status_code == 422
    told = re.search(r"57 voix pour (\d+) personnes invitées", text_of(doubted))
    assert told
    assert (await browser.post(form, {**typed, **insisting(doubted)}, page=form)).status_code == 303

    await save(browser, page, "Tout est décidé.")
    asked = await browser.get(f"{page}/publication")
    shown = text_of(asked)
    assert f"{told[1]} personnes invitées : 0 présente" in shown
    assert f"Personne n’est noté présent, sur {told[1]} invités." in shown
    assert told[0] in shown
    assert (await browser.post(f"{page}/publication", page=f"{page}/publication")).status_code == 422
    assert (await browser.post(f"{page}/publication", insisting(asked), page=f"{page}/publication")).status_code == 303
