"""A committee had better not meet at night, on a day off, or beside another; nor be convened to nothing."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api_client import API, Connect, problem
from committees.meetings.test_committees import FACILITATOR, NEW, PLAN, plan
from factories import Territory
from pooling.committees.meetings.doubts import doubts_of_meeting
from web_client import SignIn, insist, insisting, text_of

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2027, 3, 1, 10, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("starts_at", "hours", "said"),
    [
        (
            datetime(2027, 3, 29, 14, tzinfo=PARIS),
            2,
            ["La réunion tombe un jour férié (Lundi de Pâques), lundi 29 mars"],
        ),
        (datetime(2027, 4, 3, 14, tzinfo=PARIS), 2, ["La réunion tombe un samedi, samedi 3 avril 2027."]),
        (datetime(2027, 3, 30, 2, tzinfo=PARIS), 2, ["La réunion commence à 2 h."]),
        (datetime(2027, 3, 30, 22, tzinfo=PARIS), 1, ["La réunion commence à 22 h."]),
        (datetime(2027, 3, 30, 18, tzinfo=PARIS), 5, ["La réunion finit à 23 h."]),
        (datetime(2027, 3, 30, 14, tzinfo=PARIS), 24, ["La réunion finit à 14 h."]),
        (datetime(2031, 4, 1, 14, tzinfo=PARIS), 2, ["La réunion, mardi 1er avril 2031, est dans plus de deux ans."]),
        (datetime(2027, 3, 30, 18, tzinfo=PARIS), 4, []),
        (datetime(2027, 4, 14, 8, tzinfo=PARIS), 2, []),
    ],
)
def test_an_odd_moment_is_told(starts_at: datetime, hours: int, said: list[str]) -> None:
    told = doubts_of_meeting(starts_at, starts_at + timedelta(hours=hours), PARIS, NOW)
    assert len(told) == len(said)
    assert all(one.replace("\xa0", " ").startswith(begins) for one, begins in zip(told, said, strict=True))


async def test_another_committee_of_the_same_day_is_told(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    await plan(browser)
    morning = {**PLAN, "title": "Bureau", "hour": "9:00"}
    made = await insist(browser, NEW, morning, "« Comité de suivi » a lieu le même jour, à 14 h.")
    page = made.headers["location"]
    moved = {"day": "2027-04-03", "hour": "9:00", "duration": "60", "place": "Mairie"}
    assert (await insist(browser, f"{page}/report", moved, "La réunion tombe un samedi")).status_code == 303
    elsewhere = await browser.post(f"{page}/report", {**moved, "place": "École"}, page=f"{page}/report")
    assert elsewhere.status_code == 303, "another room asks nothing again"


async def test_a_program_is_told_and_sends_its_reason(territory: Territory, connect: Connect) -> None:
    program = await connect(FACILITATOR)
    night = {"day": "2027-03-30", "hour": "02:00", "place": "Mairie"}
    assert problem(await program.post(f"{API}/committees", night)) == (422, "doubtful")
    assert (await program.post(f"{API}/committees", {**night, "confirmed": "Nuit du numérique"})).status_code == 201


async def test_convening_to_nothing_is_told_before(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    nobody = {name: value for name, value in PLAN.items() if name not in {"agenda", "roles"}}
    page = str((await browser.post(NEW, nobody, page=NEW)).headers["location"])
    asked = await browser.get(f"{page}/convocation")
    for said in ("L’ordre du jour est vide.", "Personne n’est invité."):
        assert said in text_of(asked)
    path = f"{page}/convocation"
    assert (await browser.post(path, {}, page=path)).status_code == 422
    assert (await browser.post(path, insisting(asked), page=path)).status_code == 303
