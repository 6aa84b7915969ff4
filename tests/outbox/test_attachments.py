"""Files that go along with mails, and the way out of those that are a comfort."""

import hashlib
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import text

from factories import make_territory
from pooling.kernel.files import remove_file, store_file
from pooling.outbox.envelope import Attachment, envelope
from pooling.outbox.leases import Contents
from pooling.outbox.mail import Mail, rendered
from pooling.outbox.models import Message
from pooling.outbox.queueing import queue_mails
from reminders.scene import J15, Scene

ANNE, BENOIT = "a@commune.example", "b@commune.example"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 300
NAMES = [
    "devis.pdf",
    "Compte-rendu du comité de suivi – mardi 30 mars 2027.pdf",
    "Délibération n° 12 (signée) " + "é" * 100 + ".pdf",
    "🚲 vélos.pdf",
    "l’état; filename=intrus.exe.pdf",
]


async def kept(scene: Scene, *files: tuple[str, bytes]) -> tuple[int, ...]:
    async with scene.database.transaction(scene.territory.group_id) as session:
        return tuple(
            [(await store_file(session, name, content, scene.now, person_id=None)).id for name, content in files]
        )


async def queue(scene: Scene, *recipients: str, attachments: tuple[int, ...], calendar: str | None = None) -> None:
    mails = [
        Mail(kind="test", recipient=to, subject="Bonjour", why="Pourquoi.", attachments=attachments, calendar=calendar)
        for to in recipients
    ]
    async with scene.database.transaction(scene.territory.group_id) as session:
        await queue_mails(session, mails, scene.now)


def files_of(mail: EmailMessage) -> list[tuple[str | None, str, bytes]]:
    return [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))  # type: ignore[misc]
        for part in mail.iter_attachments()
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_arrives_whole_under_its_name(scene: Scene, name: str) -> None:
    await queue(scene, ANNE, attachments=await kept(scene, (name, PDF)))
    await scene.deliver()
    (mail,) = scene.sink.received
    ((received, media_type, content),) = files_of(mail)
    assert (received, media_type) == (name, "application/pdf")
    assert content == PDF
    assert mail.get_body(("plain",)) is not None
    assert max(len(line) for line in bytes(mail).splitlines()) < 200


async def test_files_come_in_the_order_given_behind_the_calendar(scene: Scene) -> None:
    note = "Salle du conseil, 1er étage".encode()
    one, two = await kept(scene, ("un.pdf", PDF), ("deux.txt", note))
    calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
    await queue(scene, ANNE, attachments=(two, one), calendar=calendar)
    await scene.deliver()
    (mail,) = scene.sink.received
    assert [name for name, *_ in files_of(mail)] == ["invitation.ics", "deux.txt", "un.pdf"]
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
        "text/plain",
        "application/pdf",
    ]
    assert files_of(mail)[1][2] == note
    assert list(mail.iter_attachments())[1].get_content_charset() == "utf-8"


async def test_thousands_of_mails_with_the_same_file_load_it_once(scene: Scene) -> None:
    ids = await kept(scene, ("convocation.pdf", PDF))
    contents = Contents()
    files = [(hashlib.sha256(PDF).digest(), "convocation.pdf", "application/pdf")]
    (first,) = contents.attachments([(*files[0], PDF)])
    (again,) = contents.attachments([(*files[0], None)])
    assert again is first
    await queue(scene, ANNE, BENOIT, attachments=ids)
    await scene.deliver()
    assert [files_of(mail)[0][2] for mail in scene.sink.received] == [PDF, PDF]


def test_what_is_kept_in_memory_is_bounded_and_still_whole() -> None:
    contents = Contents(most_bytes=100)

    def given(number: int, *, known: bool = False) -> tuple[bytes, str, str, bytes | None]:
        return bytes([number]), f"{number}.txt", "text/plain", None if known else bytes([number]) * 60

    contents.attachments([given(1)])
    both = contents.attachments([given(2), given(1, known=True)])
    assert [file.content for file in both] == [b"\x02" * 60, b"\x01" * 60]
    assert contents.known == [b"\x01"]


async def test_a_file_of_another_group_never_goes_out(scene: Scene) -> None:
    other = await make_territory(scene.database, scene.now, slug="autre")
    async with scene.database.transaction(other.group_id) as session:
        theirs = (await store_file(session, "secret.pdf", PDF, scene.now, person_id=None)).id
    (own,) = await kept(scene, ("devis.pdf", PDF + b"own"))
    await queue(scene, ANNE, attachments=(theirs, own))
    await scene.deliver()
    assert [name for name, *_ in files_of(scene.sink.received[0])] == ["devis.pdf"]


async def test_a_file_removed_meanwhile_does_not_keep_the_mail_back(scene: Scene) -> None:
    (gone,) = await kept(scene, ("devis.pdf", PDF))
    await queue(scene, ANNE, attachments=(gone,))
    async with scene.database.transaction(scene.territory.group_id) as session:
        await remove_file(session, gone)
    assert (await scene.deliver()).sent == 1
    assert files_of(scene.sink.received[0]) == []


async def test_files_are_handed_to_who_holds_the_mail_alone(scene: Scene) -> None:
    await queue(scene, ANNE, attachments=await kept(scene, ("devis.pdf", PDF)))
    async with scene.database.transaction() as session:
        found = await session.execute(
            text("SELECT f.* FROM messages m, attached_files('guessed', m.id, '{}') f UNION ALL "
                 "SELECT f.* FROM generate_series(1, 1000) id, attached_files('', id, '{}') f")
        )  # fmt: skip
        assert found.all() == []


async def test_a_reminder_that_is_a_comfort_can_be_stopped_by_one_click(scene: Scene) -> None:
    await scene.schedule("referent@lugos.example")
    scene.clock.instant = J15
    await scene.work()
    (mail,) = scene.sink.received
    url = str(mail["List-Unsubscribe"]).strip("<>")
    assert url.startswith("https://achats.example/courriels/bassin/committee/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert url in plain.get_content()
    assert f'href="{url}"' in html.get_content()


async def test_other_mails_carry_no_way_out(scene: Scene) -> None:
    await scene.queue(ANNE)
    await scene.deliver()
    assert scene.sink.received[0]["List-Unsubscribe"] is None
    assert scene.sink.received[0]["List-Unsubscribe-Post"] is None


def written(url: str | None, *attachments: Attachment, **values: Any) -> bytes:  # noqa: ANN401 - columns of Message
    known = {"body_text": "t", **values}
    message = Message(
        id=1, kind="t", recipient=ANNE, subject="s", body_html="h", unsubscribe_url=url, created_at=J15,
        next_try_at=J15, **known,
    )  # fmt: skip
    return envelope(message, sender=BENOIT, host="achats.example", now=J15, attachments=attachments)


def test_one_click_is_promised_over_https_alone() -> None:
    mail = written("http://127.0.0.1:8000/courriels/bassin/committee/abc")
    assert b"\r\nList-Unsubscribe: <http://127.0.0.1:8000/courriels/bassin/committee/abc>\r\n" in mail
    assert b"List-Unsubscribe-Post" not in mail


@pytest.mark.parametrize(
    "url", ["https://a.example/>\r\nBcc: b@c.example", "https://a.example/é", "mailto:a@b.example"]
)
def test_nothing_else_comes_into_that_header(url: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        written(url)


def test_a_hostile_name_stays_a_name() -> None:
    mail = written(None, Attachment('x"\r\nX-Intrus: oui\r\n\r\n.pdf', "application/pdf", b"%PDF-"))
    assert b"\nX-Intrus" not in mail


@pytest.mark.parametrize("name", ["Bassin", 'Plan "mobilité" du Bassin d’Arcachon', "a\\b, <c@d.example>"])
def test_the_group_stands_beside_the_address_it_comes_from(name: str) -> None:
    mail = message_from_bytes(written(None, sender_name=name), policy=policy.default)
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, BENOIT)


def test_a_name_cannot_begin_another_header() -> None:
    with pytest.raises(ValueError, match="control character"):
        written(None, sender_name="Bassin\r\nBcc: x@y.example")


def test_mails_about_one_subject_follow_the_same_one() -> None:
    first, second, other = (
        message_from_bytes(written(None, group_id=3, thread=thread), policy=policy.default)
        for thread in ("committee-1", "committee-1", "purchase-1")
    )
    assert (
        first["References"] == first["In-Reply-To"] == second["References"] == "<pooling.3.committee-1@achats.example>"
    )
    assert other["References"] != first["References"]
    assert message_from_bytes(written(None))["References"] is None


def test_lines_are_short_and_no_address_is_cut() -> None:
    long, held = "https://achats.example/" + "a-b/" * 30, "40\u00a0000\u00a0€ " * 8
    asked = "Le groupe vous demande de répondre avant mardi : voici pourquoi, et ce qui suit."
    said = f"{asked}\n\nVoir :\n{long}\n  {held}fin"
    mail = message_from_bytes(written(None, body_text=said), policy=policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    lines = body.get_content().splitlines()
    assert lines == [
        "Le groupe vous demande de répondre avant mardi : voici pourquoi, et ce qui",
        "suit.",
        "",
        "Voir :",
        long,
        "  " + " ".join(["40\u00a0000\u00a0€"] * 8),
        "  fin",
    ]
    assert " ".join("\n".join(lines).split()) == " ".join(said.split()), "nothing is lost"


def test_an_answer_goes_to_everybody_whom_the_mail_names() -> None:
    facilitators = tuple(f"animation-{number}@bassin.example" for number in range(40))
    mail = Mail(kind="t", recipient=ANNE, subject="s", why="w", reply_to=facilitators)
    assert f"Écrivez à {facilitators[0]} ou à {facilitators[1]} ou" in rendered(mail).text
    received = message_from_bytes(written(None, reply_to=", ".join(mail.reply_to)), policy=policy.default)
    assert tuple(one.addr_spec for one in received["Reply-To"].addresses) == facilitators
    assert message_from_bytes(written(None))["Reply-To"] is None
    with pytest.raises(ValueError, match=r"address|sign"):
        written(None, reply_to="a@b.example\r\nBcc: c@d.example")
