"""Formal committees are convened in time by the sweep, any committee by hand: each person once, one PDF for all."""

from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import text

from pooling.committees.convocations.convening import convene_now
from pooling.committees.models import CommitteeKind
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Forbidden
from pooling.members.models import Role
from pooling.members.rights import HeldRole
from pooling.reminders.settings import KindSetting, keep_setting
from reminders.scene import BASE_URL, MEETING, Scene

LUGOS, ARCACHON, SALLES = "referent@lugos.example", "referent@arcachon.example", "referent@salles.example"
DUE = datetime(2027, 3, 24, 7, tzinfo=UTC)
"""Five clear days before Tuesday 30 March: Wednesday 24 March at 8 h."""
MINUTE = timedelta(minutes=1)


async def row_of(scene: Scene, committee: int) -> tuple[str, datetime | None, int | None, int]:
    async with scene.database.transaction(scene.territory.group_id) as session:
        found = await session.execute(
            text("SELECT state, convened_at, convocation_file_id, revision FROM committees WHERE id = :id"),
            {"id": committee},
        )
        return tuple(found.one())


async def convocations(scene: Scene) -> list[tuple[str, str, list[int]]]:
    """(recipient, subject, attachments) of every convocation written and not taken back, in order."""
    async with scene.database.transaction(scene.territory.group_id) as session:
        rows = await session.execute(
            text(
                "SELECT recipient, subject, attachments FROM messages WHERE kind = 'convocation' AND state <> 'failed' "
                "ORDER BY recipient, id"
            )
        )
        return [(recipient, subject, list(attachments)) for recipient, subject, attachments in rows]


async def convened(scene: Scene) -> list[str]:
    return [recipient for recipient, _, _ in await convocations(scene)]


async def events(scene: Scene) -> list[tuple[str, int | None, str | None, str | None]]:
    async with scene.database.transaction(scene.territory.group_id) as session:
        rows = await session.execute(
            text(
                "SELECT name, person_id, from_state, to_state FROM events "
                "WHERE subject_kind = 'committee' AND to_state IS NOT NULL ORDER BY id"
            )
        )
        return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("day", "clear_days", "due"),
    [
        (date(2027, 6, 16), 5, datetime(2027, 6, 10, 6, tzinfo=UTC)),
        (date(2027, 6, 16), 3, datetime(2027, 6, 11, 6, tzinfo=UTC)),  # the 12th is a Saturday
        (date(2027, 6, 16), 1, datetime(2027, 6, 14, 6, tzinfo=UTC)),
        (date(2027, 3, 31), 1, datetime(2027, 3, 26, 7, tzinfo=UTC)),  # the 29th is Easter Monday
        (date(2027, 5, 12), 5, datetime(2027, 5, 5, 6, tzinfo=UTC)),  # the 6th is Ascension Day
    ],
)
async def test_a_formal_committee_is_convened_when_it_is_time_and_not_before(
    scene: Scene, day: date, clear_days: int, due: datetime
) -> None:
    committee = await scene.schedule(
        LUGOS, ARCACHON, day=day, kind=CommitteeKind.FORMAL, clear_days=clear_days  # type: ignore[arg-type]
    )  # fmt: skip
    scene.clock.instant = due - MINUTE
    await scene.sweep()
    assert (await row_of(scene, committee))[0] == "planned"
    assert await convened(scene) == []
    scene.clock.instant = due
    await scene.sweep()
    state, at, file_id, _ = await row_of(scene, committee)
    assert (state, at) == ("convened", due)
    written = await convocations(scene)
    assert [recipient for recipient, _, _ in written] == [ARCACHON, LUGOS]
    assert [attachments for _, _, attachments in written] == [[file_id], [file_id]]
    assert ("committee.convened", None, "planned", "convened") in await events(scene)


async def test_each_is_convened_once_however_often_one_sweeps(scene: Scene) -> None:
    await scene.schedule(roles=[Role.REFERENT], kind=CommitteeKind.FORMAL)
    scene.clock.instant = DUE
    await scene.sweep(batch=2)
    first = await convened(scene)
    assert len(first) == len(set(first)) == 4
    for minutes in range(1, 4):
        scene.clock.instant = DUE + minutes * MINUTE
        await scene.sweep(batch=2)
    assert await convened(scene) == first
    async with scene.database.transaction(scene.territory.group_id) as session:
        assert (await session.execute(text("SELECT count(*) FROM files"))).scalar_one() == 1


async def test_the_mail_carries_the_convocation_the_calendar_and_the_agenda(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    scene.clock.instant = DUE
    await scene.work()
    (mail,) = [mail for mail in scene.sink.received if "Convocation" in mail["Subject"]]
    assert mail["Subject"] == "Convocation\u00a0: Comité de suivi mardi 30 mars à 14\u00a0h"
    assert mail["List-Unsubscribe"] is None
    body = mail.get_body(("plain",))
    assert body is not None
    said = body.get_content()
    assert said.startswith("Voici votre convocation à «\u00a0Comité de suivi\u00a0», mardi 30 mars 2027 à 14\u00a0h")
    assert f"{BASE_URL}/g/bassin/comites/{committee}/reponse" in said
    assert "2. Choisir le devis" in said
    attached = {part.get_content_type(): part for part in mail.walk()}
    assert "text/calendar" in attached
    pdf = attached["application/pdf"]
    assert pdf.get_filename() == "convocation Comité de suivi 2027-03-30.pdf"
    assert content_of(pdf).startswith(b"%PDF-")
    assert b"pdfuaid" in content_of(pdf)


def content_of(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


async def test_after_an_outage_it_leaves_late_rather_than_never(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    scene.clock.instant = DUE + timedelta(days=2)
    await scene.sweep()
    assert (await row_of(scene, committee))[:2] == ("convened", DUE + timedelta(days=2))
    assert await convened(scene) == [LUGOS]


async def test_one_planned_too_late_waits_for_a_hand(scene: Scene) -> None:
    scene.clock.instant = DUE + timedelta(hours=3)
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    scene.clock.instant += timedelta(days=1)
    await scene.sweep()
    assert (await row_of(scene, committee))[0] == "planned"
    await scene.convene(committee)
    await scene.sweep()
    assert await convened(scene) == [LUGOS]


@pytest.mark.parametrize("kind", CommitteeKind)
async def test_convening_by_hand_reaches_everybody_once_whatever_the_kind(scene: Scene, kind: CommitteeKind) -> None:
    committee = await scene.schedule(LUGOS, ARCACHON, kind=kind)
    await scene.sweep()
    await scene.convene(committee)
    await scene.sweep()
    assert await convened(scene) == [ARCACHON, LUGOS]
    scene.clock.instant = DUE
    await scene.sweep()
    assert await convened(scene) == [ARCACHON, LUGOS]
    name, person, *_ = (await events(scene))[-1]
    assert (name, person) == ("committee.convened", scene.caller.person_id)
    with pytest.raises(Conflict):
        await scene.convene(committee)


async def test_who_is_invited_after_the_convocation_is_convened_at_once(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    scene.clock.instant = DUE
    await scene.sweep()
    scene.clock.instant = DUE + timedelta(days=1)
    await scene.invite(committee, SALLES)
    await scene.sweep()
    assert await convened(scene) == [LUGOS, SALLES]
    await scene.uninvite(committee, SALLES)
    await scene.invite(committee, SALLES)
    await scene.sweep()
    assert await convened(scene) == [LUGOS, SALLES]


async def test_one_taken_off_before_is_not_convened(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, SALLES, kind=CommitteeKind.FORMAL)
    await scene.sweep()
    await scene.uninvite(committee, SALLES)
    scene.clock.instant = DUE
    await scene.sweep()
    assert await convened(scene) == [LUGOS]


async def test_a_committee_moved_the_day_before_tells_everybody_once_and_is_convened_anew(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    scene.clock.instant = DUE
    await scene.work()
    first_file = (await row_of(scene, committee))[2]
    scene.clock.instant = datetime(2027, 3, 29, 9, tzinfo=UTC)
    await scene.work()
    before = len(scene.sink.received)
    await scene.move(committee, day=date(2027, 4, 20))
    assert (await row_of(scene, committee)) == ("planned", None, None, 2)
    await scene.work()
    (notice,) = scene.sink.received[before:]
    assert "déplacé au mardi 20 avril" in notice["Subject"]
    scene.clock.instant = datetime(2027, 4, 14, 6, tzinfo=UTC)  # five clear days before the new date
    await scene.work()
    state, _, file_id, revision = await row_of(scene, committee)
    assert (state, revision) == ("convened", 2)
    assert file_id not in {None, first_file}
    written = await convocations(scene)
    assert [attachments for _, _, attachments in written] == [[first_file], [file_id]]
    assert ("committee.planned", scene.caller.person_id, "convened", "planned") in await events(scene)


async def test_another_room_keeps_the_convocation_and_only_newcomers_receive_it_after(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    scene.clock.instant = DUE
    await scene.work()
    convened_row = await row_of(scene, committee)
    before = len(scene.sink.received)
    scene.clock.instant = DUE + 60 * MINUTE
    await scene.move(committee, place="Salle des fêtes")
    assert await row_of(scene, committee) == (*convened_row[:3], 2)
    await scene.invite(committee, ARCACHON)
    await scene.work()
    await scene.work()
    assert await convened(scene) == [ARCACHON, LUGOS]
    subjects = sorted(mail["Subject"] for mail in scene.sink.received[before:])
    assert ["modifiés" in subject for subject in subjects] == [True, False], subjects
    assert (await convocations(scene))[0][2] == [], "the document has the former room"
    assert ("committee.planned", scene.caller.person_id, "convened", "planned") not in await events(scene)


async def test_the_same_hour_of_another_zone_is_another_date(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    scene.clock.instant = DUE
    await scene.work()
    async with scene.database.transaction(scene.territory.group_id) as session:
        await session.execute(text("UPDATE groups SET timezone = 'Indian/Reunion'"))
    await scene.move(committee, place="Salle des fêtes")
    assert (await row_of(scene, committee))[:2] == ("planned", None)


async def test_a_convocation_taken_back_by_a_change_of_room_leaves_again(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    scene.clock.instant = DUE
    await scene.sweep()
    scene.clock.instant = DUE + MINUTE
    await scene.move(committee, place="Salle des fêtes")
    await scene.work()
    await scene.work()
    assert len([mail for mail in scene.sink.received if "Convocation" in mail["Subject"]]) == 1


async def test_a_cancelled_committee_is_not_convened(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    await scene.sweep()
    await scene.cancel(committee)
    scene.clock.instant = DUE
    await scene.sweep()
    assert await convened(scene) == []
    with pytest.raises(Conflict):
        await scene.convene(committee)


async def test_what_waits_in_the_outbox_is_taken_back_when_it_is_moved(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    scene.clock.instant = DUE
    await scene.sweep()
    await scene.move(committee, day=date(2027, 4, 20))
    await scene.deliver()
    assert not [mail for mail in scene.sink.received if "Convocation" in mail["Subject"]]


async def test_the_hour_is_the_groups_the_day_is_not(scene: Scene) -> None:
    async with scene.database.transaction(scene.territory.group_id) as session:
        await keep_setting(
            session, "convocation", KindSetting(active=False, offsets=(-1,), hour=time(11, 30)), scene.now
        )
    scene.clock.instant += MINUTE
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    scene.clock.instant = DUE + timedelta(hours=3)
    await scene.sweep()
    assert (await row_of(scene, committee))[0] == "planned"
    scene.clock.instant = DUE + timedelta(hours=3, minutes=30)
    await scene.sweep()
    assert await convened(scene) == [LUGOS]


async def test_nobody_else_convenes(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS)
    scene_of_referent = scene.territory.caller(LUGOS, HeldRole(Role.REFERENT, scene.territory.members["213302607"]))
    async with scene.database.transaction(scene.territory.group_id) as session:
        with pytest.raises(Forbidden):
            await convene_now(session, scene_of_referent, committee, scene.now)


async def test_a_document_that_cannot_be_set_does_not_hold_the_date_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pooling.committees.convocations.document.TEMPLATE", "committees/missing.typ")
    committee = await scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    scene.clock.instant = DUE
    await scene.sweep()
    assert (await row_of(scene, committee))[0] == "convened"
    assert [attachments for _, _, attachments in await convocations(scene)] == [[]]
    assert f"the convocation of committee {committee} could not be set" in caplog.text


def test_the_meeting_of_the_scene_is_the_one_that_is_counted_from() -> None:
    assert MEETING - DUE.date() == timedelta(days=6)


async def test_a_chore_that_meets_a_committee_being_changed_leaves_it_to_the_next_minute(real_scene: Scene) -> None:
    committee = await real_scene.schedule(LUGOS, kind=CommitteeKind.FORMAL)
    real_scene.clock.instant = DUE
    database: Database = real_scene.database
    async with database.transaction(real_scene.territory.group_id) as session:
        await session.execute(text("SELECT 1 FROM committees WHERE id = :id FOR UPDATE"), {"id": committee})
        await real_scene.sweep()
        assert await convened(real_scene) == []
    await real_scene.sweep()
    assert await convened(real_scene) == [LUGOS]
