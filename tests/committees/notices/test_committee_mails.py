"""What committees say by mail, and what their .ics files do to a calendar."""

import re
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from icalendar import Calendar
from sqlalchemy import text

from pooling.committees.agendas.items import replace_items
from pooling.committees.agendas.schemas import AgendaItemIn
from pooling.committees.invitations.answering import answer_invitation
from pooling.committees.models import Answer
from pooling.members.models import Role
from pooling.members.rights import HeldRole
from reminders.scene import BASE_URL, FACILITATOR, J15, Scene

ARCACHON, LUGOS, SALLES = "referent@arcachon.example", "referent@lugos.example", "referent@salles.example"
PARIS = ZoneInfo("Europe/Paris")


def calendar_of(mail: EmailMessage) -> Calendar:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    (attached,) = [part for part in mail.walk() if part.get_content_type() == "application/ics"]
    assert attached.get_filename() == "invitation.ics"
    content = part.get_payload(decode=True)
    assert attached.get_payload(decode=True).splitlines() == content.splitlines()  # type: ignore[union-attr]
    calendar = Calendar.from_ical(content)  # type: ignore[arg-type]
    assert part.get_param("method") == str(calendar["METHOD"])
    return calendar


async def test_a_reminder_says_why_it_comes_and_what_to_do(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, agenda="1. Consolider les besoins\n- Choisir le devis\n\nDivers")
    scene.clock.instant = J15
    await scene.work()
    (mail,) = scene.sink.received
    assert mail["Subject"] == "Comité de suivi mardi 30 mars à 14\u00a0h\u00a0: 3\u00a0points à préparer"
    body = mail.get_body(("plain",))
    assert body is not None
    lines = body.get_content().splitlines()
    assert " ".join(lines[: lines.index("")]) == (
        "Vous faites partie des personnes invitées à «\u00a0Comité de suivi\u00a0», mardi 30 mars 2027 à 14\u00a0h"
        "\u00a0: préparez d’ici là les 3\u00a0points de l’ordre du jour, et dites si vous venez."
    )
    assert f"{BASE_URL}/g/bassin/comites/{committee}/reponse" in lines
    assert "  2. Choisir le devis" in lines
    assert lines[-4:-2] == [f"Une question\u202f? Écrivez à {FACILITATOR}.", ""]
    assert lines[-2] == "Ne plus recevoir cette sorte de courriel\u00a0:"
    assert lines[-1].startswith(f"{BASE_URL}/courriels/bassin/committee/")
    html = mail.get_body(("html",))
    assert html is not None
    assert f'href="{BASE_URL}/g/bassin/comites/{committee}/reponse"' in html.get_content()


async def test_a_demonstration_says_so(scene: Scene) -> None:
    async with scene.database.transaction(scene.territory.group_id) as session:
        await session.execute(text("UPDATE groups SET fictional = true"))
    await scene.schedule(LUGOS)
    scene.clock.instant = J15
    await scene.work()
    body = scene.sink.received[0].get_body(("plain",))
    assert body is not None
    assert "fictifs" in body.get_content().splitlines()[0]
    (event,) = calendar_of(scene.sink.received[0]).events
    assert "fictifs" in str(event["DESCRIPTION"]).splitlines()[0]


async def test_what_is_typed_is_shown_and_not_run(scene: Scene) -> None:
    await scene.schedule(LUGOS, agenda="<script>alert(1)</script>")
    scene.clock.instant = J15
    await scene.work()
    html = scene.sink.received[0].get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert "&lt;script&gt;" in html.get_content()


async def test_an_invitation_then_its_change_then_its_cancellation(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS)
    scene.clock.instant = J15
    await scene.work()
    await scene.move(committee, day=date(2027, 4, 6))
    await scene.work()
    await scene.cancel(committee)
    await scene.work()
    calendars = [calendar_of(mail) for mail in scene.sink.received]
    events = [calendar.events[0] for calendar in calendars]
    assert [str(calendar["METHOD"]) for calendar in calendars] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2]
    (uid,) = {str(event["UID"]) for event in events}
    person = scene.territory.people[LUGOS]
    assert re.fullmatch(f"committee-{scene.territory.group_id}-{committee}-{person}-[0-9a-f]{{20}}@achats.example", uid)
    assert [event.start for event in events] == [
        datetime(2027, 3, 30, 14, tzinfo=PARIS),
        datetime(2027, 4, 6, 14, tzinfo=PARIS),
        datetime(2027, 4, 6, 14, tzinfo=PARIS),
    ]
    assert str(events[2]["STATUS"]) == "CANCELLED"
    assert str(events[0]["ATTENDEE"]) == f"mailto:{LUGOS}"
    assert "TZID=Europe/Paris" in events[0].to_ical().decode()


async def test_whoever_comes_and_goes_the_same_one_asks(scene: Scene) -> None:
    """Calendars take a change or a cancellation from the organizer of the event alone."""
    committee = await scene.schedule(LUGOS)
    scene.clock.instant = J15
    await scene.work()
    async with scene.database.transaction(scene.territory.group_id) as session:
        await session.execute(text("UPDATE memberships SET ended_at = now() WHERE role = 'facilitator'"))
    await scene.cancel(committee)
    await scene.work()
    organizers = [calendar_of(mail).events[0]["ORGANIZER"] for mail in scene.sink.received]
    assert [(str(one), one.params["CN"]) for one in organizers] == [("mailto:pooling@localhost", "Bassin")] * 2


async def test_what_is_typed_cannot_end_the_event(scene: Scene) -> None:
    await scene.schedule(LUGOS, agenda="END:VEVENT\nPuis le reste")
    scene.clock.instant = J15
    await scene.work()
    (event,) = calendar_of(scene.sink.received[0]).events
    assert str(event["ATTENDEE"]) == f"mailto:{LUGOS}"
    answer, *points = str(event["DESCRIPTION"]).splitlines()
    assert answer.startswith("Dites si vous venez : https://")
    assert answer.endswith("/reponse")
    assert points == ["1. END:VEVENT", "2. Puis le reste"]


async def test_calendars_are_told_what_was_answered(scene: Scene) -> None:
    """Who gives a proxy does not come. Another place keeps the answers, another date does not."""
    committee = await scene.schedule(LUGOS, SALLES, ARCACHON)
    await say(scene, LUGOS, committee, Answer.YES)
    await say(scene, SALLES, committee, Answer.PROXY, proxy_id=scene.territory.people[LUGOS])
    await scene.work()
    scene.sink.received.clear()  # which told of the proxy
    answered = {LUGOS: "ACCEPTED", SALLES: "DECLINED", ARCACHON: "NEEDS-ACTION"}
    scene.clock.instant = J15
    await scene.work()
    assert statuses(scene) == answered
    await scene.move(committee, place="Médiathèque")
    await scene.work()
    assert statuses(scene) == answered
    await scene.move(committee, day=date(2027, 4, 20))
    await scene.work()
    assert statuses(scene) == dict.fromkeys(answered, "NEEDS-ACTION")


def statuses(scene: Scene) -> dict[str, str]:
    """What the invitations that arrived say of each person's answer; none asks calendars for a reply."""
    said = {}
    for mail in scene.sink.received:
        attendee = calendar_of(mail).events[0]["ATTENDEE"]
        assert attendee.params["RSVP"] == "FALSE"
        said[str(mail["To"])] = attendee.params["PARTSTAT"]
    scene.sink.received.clear()
    return said


async def test_the_calendar_carries_its_zone_but_not_its_history(scene: Scene) -> None:
    await scene.schedule(LUGOS)
    scene.clock.instant = J15
    await scene.work()
    (zone,) = calendar_of(scene.sink.received[0]).timezones
    assert str(zone["TZID"]) == "Europe/Paris"
    assert len(zone.to_ical()) < 1500


async def test_the_agenda_sent_is_the_one_of_that_moment(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, agenda="Ancien point")
    await scene.sweep()
    async with scene.database.transaction(scene.territory.group_id) as session:
        items = [(None, AgendaItemIn(title="Nouveau point"))]
        await replace_items(session, scene.caller, committee, items, scene.now)
    scene.clock.instant = J15 + timedelta(minutes=1)
    await scene.work()
    body = scene.sink.received[0].get_body(("plain",))
    assert body is not None
    assert "Nouveau point" in body.get_content()
    assert "Ancien point" not in body.get_content()


async def say(scene: Scene, who: str, committee: int, answer: Answer, proxy_id: int | None = None) -> None:
    async with scene.database.transaction(scene.territory.group_id) as session:
        caller = scene.territory.caller(who, HeldRole(Role.REFERENT, 1))
        await answer_invitation(session, caller, committee, answer, scene.clock, proxy_id=proxy_id)


def body_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return re.sub(r"[\r\n]+", " ", str(body.get_content()))  # whatever its lines


async def test_who_has_answered_is_not_asked_again(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS, SALLES)
    await say(scene, LUGOS, committee, Answer.YES)
    scene.clock.instant = J15
    await scene.work()
    bodies = {mail["To"]: body_of(mail) for mail in scene.sink.received}
    assert "dites si vous venez" in bodies[SALLES]
    assert f"comites/{committee}/reponse" in bodies[SALLES]
    assert "dites si vous venez" not in bodies[LUGOS]
    assert "/reponse" not in bodies[LUGOS]


async def test_moving_the_day_before_asks_everybody_once_more(scene: Scene) -> None:
    """Everyone is told once, calendars get the next number, old reminders are gone, answers are asked for again."""
    committee = await scene.schedule(LUGOS, SALLES)
    scene.clock.instant = J15
    await scene.work()
    await say(scene, LUGOS, committee, Answer.YES)
    scene.clock.instant = datetime(2027, 3, 29, 12, tzinfo=UTC)
    await scene.work()
    scene.sink.received.clear()
    await scene.move(committee, day=date(2027, 4, 20))
    await scene.work()
    await scene.work()
    assert sorted(mail["To"] for mail in scene.sink.received) == [LUGOS, SALLES]
    for mail in scene.sink.received:
        assert "dites de nouveau si vous venez" in body_of(mail)
        assert f"comites/{committee}/reponse" in body_of(mail)
        assert calendar_of(mail).events[0]["SEQUENCE"] == 1
    planned = [row for row in await scene.reminders() if row[4] == "planned"]
    assert {revision for _, _, revision, _, _ in planned} == {2}
    async with scene.database.transaction(scene.territory.group_id) as session:
        answers = await session.execute(text("SELECT count(answer) FROM committee_invitations"))
        assert answers.scalar_one() == 0


async def test_another_place_asks_for_no_answer(scene: Scene) -> None:
    committee = await scene.schedule(LUGOS)
    scene.clock.instant = J15
    await scene.work()
    scene.sink.received.clear()
    await scene.move(committee, place="Médiathèque")
    await scene.work()
    (mail,) = scene.sink.received
    assert "si vous venez" not in body_of(mail)
    assert "/reponse" not in body_of(mail)
