"""Minutes to write and decisions to follow up: who is reminded, when, and who no more."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from pooling.committees.decisions import reminders as decision_reminders
from pooling.committees.decisions.following_up import (
    hand_over_decision,
    reopen_decision,
    reschedule_decision,
    settle_decision,
)
from pooling.committees.decisions.models import DecisionState
from pooling.committees.decisions.recording import add_decision, change_decision
from pooling.committees.decisions.schemas import DecisionIn
from pooling.committees.minutes import reminders as minutes_reminders
from pooling.committees.minutes.publishing import publish_minutes
from pooling.committees.minutes.writing import name_secretary, save_minutes
from pooling.kernel.database import Database
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.sweep import sweep
from reminders.scene import FACILITATOR, Scene

LUGOS, SALLES = "referent@lugos.example", "referent@salles.example"
MEETING = date(2027, 3, 15)  # a Monday; 14 h in Paris is 13:00 UTC
BEGUN = datetime(2027, 3, 15, 13, 30, tzinfo=UTC)


async def passes(scene: Scene, at: datetime) -> list[tuple[str, str, int]]:
    """A sweep at that moment: what it wrote, as (kind, e-mail, offset)."""
    scene.clock.instant = at
    as_set = ReminderConfiguration()
    kinds = [*minutes_reminders.kinds(as_set), *decision_reminders.kinds(as_set)]
    report = await sweep(scene.database, kinds, scene.clock, base_url="https://achats.example")
    return sorted((one.kind, one.email, one.offset_days) for one in report.sent)


async def held(scene: Scene, *, secretary: str | None = FACILITATOR) -> int:
    committee_id = await scene.schedule(LUGOS, SALLES, day=MEETING)
    async with scene.database.transaction(scene.territory.group_id) as session:
        person = scene.territory.people[secretary] if secretary else None
        await name_secretary(session, scene.caller, committee_id, person, scene.now)
    scene.clock.instant = BEGUN
    return committee_id


async def decide(scene: Scene, committee_id: int, due_on: date | None, owner: str | None = LUGOS) -> None:
    command = DecisionIn(
        content="Envoyer le devis", owner_id=scene.territory.people[owner] if owner else None, due_on=due_on
    )
    async with scene.database.transaction(scene.territory.group_id) as session:
        await add_decision(session, scene.caller, committee_id, command, scene.now)


async def leave(database: Database, scene: Scene, email: str) -> None:
    async with database.transaction(scene.territory.group_id) as session:
        await session.execute(
            text("UPDATE memberships SET ended_at = :now WHERE group_id = :group AND person_id = :person"),
            {"now": scene.now, "group": scene.territory.group_id, "person": scene.territory.people[email]},
        )


J3 = datetime(2027, 3, 18, 7, tzinfo=UTC)
J7 = datetime(2027, 3, 22, 7, tzinfo=UTC)


async def test_the_secretary_is_reminded_of_the_minutes_three_and_seven_days_after(scene: Scene) -> None:
    await held(scene, secretary=SALLES)
    assert await passes(scene, J3 - timedelta(minutes=1)) == []
    assert await passes(scene, J3) == [("minutes", SALLES, 3)]
    assert await passes(scene, J7 - timedelta(minutes=1)) == []
    assert await passes(scene, J7) == [("minutes", SALLES, 7)]
    assert await passes(scene, J7 + timedelta(days=20)) == []


async def test_without_a_secretary_or_once_it_has_left_the_facilitator_is(scene: Scene) -> None:
    await held(scene, secretary=None)
    assert await passes(scene, J3) == [("minutes", FACILITATOR, 3)]


async def test_a_secretary_who_left_hands_over_to_the_facilitator(scene: Scene) -> None:
    await held(scene, secretary=SALLES)
    await leave(scene.database, scene, SALLES)
    assert await passes(scene, J3) == [("minutes", FACILITATOR, 3)]


async def test_published_minutes_are_asked_for_no_more(scene: Scene) -> None:
    committee_id = await held(scene)
    assert await passes(scene, J3) == [("minutes", FACILITATOR, 3)]
    async with scene.database.transaction(scene.territory.group_id) as session:
        await save_minutes(session, scene.caller, committee_id, "Dit.", scene.now)
        await publish_minutes(session, scene.caller, committee_id, scene.now)
    assert await passes(scene, J7) == []


async def test_a_committee_that_was_cancelled_has_no_minutes(scene: Scene) -> None:
    committee_id = await scene.schedule(LUGOS, day=MEETING)
    await scene.cancel(committee_id)
    assert await passes(scene, J3) == []


@pytest.mark.parametrize(
    ("due_on", "before", "after"),
    [
        # J−3 of a Thursday is a Monday; J+1 its Friday
        (date(2027, 4, 8), datetime(2027, 4, 5, 6, tzinfo=UTC), datetime(2027, 4, 9, 6, tzinfo=UTC)),
        # J−3 of a Tuesday is a Saturday: the Friday before
        (date(2027, 4, 13), datetime(2027, 4, 9, 6, tzinfo=UTC), datetime(2027, 4, 14, 6, tzinfo=UTC)),
        # J+1 of a Friday is a Saturday: the Monday after
        (date(2027, 4, 16), datetime(2027, 4, 13, 6, tzinfo=UTC), datetime(2027, 4, 19, 6, tzinfo=UTC)),
        # Easter Monday is 29 March; clocks change on 28 March
        (date(2027, 4, 1), datetime(2027, 3, 26, 7, tzinfo=UTC), datetime(2027, 4, 2, 6, tzinfo=UTC)),
        # 1 and 8 May are holidays, on Saturdays that year; Friday 30 April is not
        (date(2027, 4, 30), datetime(2027, 4, 27, 6, tzinfo=UTC), datetime(2027, 5, 3, 6, tzinfo=UTC)),
    ],
)
async def test_the_owner_is_reminded_before_the_due_date_and_once_it_has_passed(
    scene: Scene, due_on: date, before: datetime, after: datetime
) -> None:
    await decide(scene, await held(scene), due_on)
    follow_ups = [
        (at, [one for one in await passes(scene, at) if one[0] == "follow_up"])
        for at in (before - timedelta(minutes=1), before, after - timedelta(minutes=1), after)
    ]
    assert [found for _, found in follow_ups] == [[], [("follow_up", LUGOS, -3)], [], [("follow_up", LUGOS, 1)]]


DUE = date(2027, 4, 8)
BEFORE, AFTER = datetime(2027, 4, 5, 6, tzinfo=UTC), datetime(2027, 4, 9, 6, tzinfo=UTC)


@pytest.mark.parametrize("state", [DecisionState.DONE, DecisionState.DROPPED])
async def test_a_settled_decision_is_not_asked_for(scene: Scene, state: DecisionState) -> None:
    committee_id = await held(scene)
    await decide(scene, committee_id, DUE)
    async with scene.database.transaction(scene.territory.group_id) as session:
        await settle_decision(session, scene.caller, committee_id, 1, state, "Fait", scene.now)
    assert "follow_up" not in {kind for kind, *_ in [*await passes(scene, BEFORE), *await passes(scene, AFTER)]}


async def test_a_decision_taken_up_again_is_asked_for_anew(scene: Scene) -> None:
    committee_id = await held(scene)
    await decide(scene, committee_id, DUE)
    async with scene.database.transaction(scene.territory.group_id) as session:
        await settle_decision(session, scene.caller, committee_id, 1, DecisionState.DONE, "Fait", scene.now)
    assert [one for one in await passes(scene, BEFORE) if one[0] == "follow_up"] == []
    async with scene.database.transaction(scene.territory.group_id) as session:
        await reopen_decision(session, scene.caller, committee_id, 1, scene.now)
    assert [one for one in await passes(scene, AFTER) if one[0] == "follow_up"] == [("follow_up", LUGOS, 1)]


async def test_another_due_date_supersedes_the_old_one(scene: Scene) -> None:
    committee_id = await held(scene)
    await decide(scene, committee_id, DUE)
    await passes(scene, BEFORE - timedelta(hours=1))
    async with scene.database.transaction(scene.territory.group_id) as session:
        await reschedule_decision(
            session, scene.caller, committee_id, 1, date(2027, 5, 20), scene.now, today=scene.now.date()
        )
    assert [one for one in await passes(scene, AFTER) if one[0] == "follow_up"] == []
    # J−3 is Whit Monday: the Friday before
    assert await passes(scene, datetime(2027, 5, 14, 6, tzinfo=UTC)) == [("follow_up", LUGOS, -3)]
    assert await passes(scene, datetime(2027, 5, 21, 6, tzinfo=UTC)) == [("follow_up", LUGOS, 1)]


async def test_the_new_owner_is_told_and_the_former_one_no_more(scene: Scene) -> None:
    committee_id = await held(scene)
    await decide(scene, committee_id, DUE)
    await passes(scene, BEFORE - timedelta(hours=1))
    command = DecisionIn(content="Envoyer le devis", owner_id=scene.territory.people[SALLES], due_on=DUE)
    async with scene.database.transaction(scene.territory.group_id) as session:
        await change_decision(session, scene.caller, committee_id, 1, command, scene.now)
    assert [one for one in await passes(scene, BEFORE) if one[0] == "follow_up"] == [("follow_up", SALLES, -3)]


async def test_nothing_is_asked_without_a_date(scene: Scene) -> None:
    await decide(scene, await held(scene), None, SALLES)
    assert [one for one in await passes(scene, AFTER) if one[0] == "follow_up"] == []


@pytest.mark.parametrize("owner", [LUGOS, None])
async def test_a_decision_that_nobody_in_the_group_owns_is_asked_of_the_facilitator(
    scene: Scene, owner: str | None
) -> None:
    await decide(scene, await held(scene), DUE, owner)
    await passes(scene, BEFORE - timedelta(hours=1))
    await leave(scene.database, scene, LUGOS)
    assert [one for one in await passes(scene, BEFORE) if one[0] == "follow_up"] == [("follow_up", FACILITATOR, -3)]
    async with scene.database.transaction(scene.territory.group_id) as session:
        rows = await session.execute(text("SELECT subject, body_text FROM messages WHERE kind = 'follow_up'"))
        ((subject, body),) = [(subject.replace("\u00a0", " "), body.replace("\u00a0", " ")) for subject, body in rows]
    assert subject == "Décision sans responsable, à suivre pour le jeudi 8 avril 2027 : Envoyer le devis"
    assert body.startswith("Une décision de comité n’a pas de responsable dans le groupe, confiez-la à quelqu’un")


async def test_the_owner_who_takes_over_is_reminded_and_the_facilitator_no_more(scene: Scene) -> None:
    committee_id = await held(scene)
    await decide(scene, committee_id, DUE, LUGOS)
    await leave(scene.database, scene, LUGOS)
    await passes(scene, BEFORE)
    async with scene.database.transaction(scene.territory.group_id) as session:
        await hand_over_decision(session, scene.caller, committee_id, 1, scene.territory.people[SALLES], scene.now)
    assert [one for one in await passes(scene, AFTER) if one[0] == "follow_up"] == [("follow_up", SALLES, 1)]


async def test_after_an_outage_only_the_latest_is_sent(scene: Scene) -> None:
    await decide(scene, await held(scene), DUE)
    assert [one for one in await passes(scene, AFTER) if one[0] == "follow_up"] == [("follow_up", LUGOS, 1)]


async def test_the_mail_says_what_and_by_when(scene: Scene) -> None:
    committee_id = await held(scene, secretary=SALLES)
    await decide(scene, committee_id, DUE)
    await passes(scene, BEFORE)
    async with scene.database.transaction(scene.territory.group_id) as session:
        rows = await session.execute(text("SELECT kind, subject, body_text FROM messages ORDER BY kind"))
        mails = {kind: (subject, body.replace("\u00a0", " ")) for kind, subject, body in rows}
    subject, body = mails["follow_up"]
    assert subject.replace("\u00a0", " ") == "Décision à suivre pour le jeudi 8 avril 2027 : Envoyer le devis"
    assert body.startswith("Un comité vous a confié une décision : à faire pour le jeudi 8 avril 2027 (dans 3 jours).")
    assert f"/comites/{committee_id}/decisions/1" in body
    subject, body = mails["minutes"]
    assert "Compte-rendu à publier" in subject
    assert f"/comites/{committee_id}/compte-rendu" in body


async def test_the_published_minutes_go_to_all_who_are_invited_with_the_document(scene: Scene) -> None:
    committee_id = await held(scene)
    await leave(scene.database, scene, SALLES)
    async with scene.database.transaction(scene.territory.group_id) as session:
        await save_minutes(session, scene.caller, committee_id, "## Dit\n\nTout.", scene.now)
        committee = await publish_minutes(session, scene.caller, committee_id, scene.now)
        file_id = committee.minutes_file_id
    async with scene.database.transaction(scene.territory.group_id) as session:
        rows = await session.execute(
            text("SELECT recipient, subject, attachments FROM messages WHERE kind = 'minutes_published'")
        )
        assert [(recipient, list(attachments)) for recipient, _, attachments in rows] == [(LUGOS, [file_id])]
