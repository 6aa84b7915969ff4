"""Mails to many, of which what is alike is set once: each says what it would say alone."""

from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.outbox.mail import Button, Fact, Mail, _plain, rendered, subject_line
from pooling.outbox.queueing import AT_ONCE, queue_mails
from pooling.web.templating import page_of
from pooling.web.typography import typo

MAIL = Mail(
    kind="x",
    recipient="r@x.example",
    subject="Livré",
    why="C’est livré",
    button=Button("Voir", "https://x.example/g/a?b=1&c=2"),
    facts=(Fact("Achat", "Arceaux : 180,00 € ; abris"), Fact("Articles", "Arceau\nAbri")),
)
SIZE = 2 * AT_ONCE + 1
WORDS = st.text(alphabet="aé L'1.:;!?«»<&\"%€\u00a0\n", max_size=40)


@given(why=WORDS, subject=WORDS, wording=WORDS, stop=st.booleans())
def test_a_mail_is_set_as_its_whole_text_would_be(why: str, subject: str, wording: str, stop: bool) -> None:
    unsubscribe_url = "https://x.example/stop?cle=1&b=2" if stop else None
    mail = replace(MAIL, why=why, subject=subject, wording=wording, unsubscribe_url=unsubscribe_url)
    said = rendered(mail)
    assert said.subject == subject_line(mail)
    assert said.text == typo(_plain().get_template("outbox/mail.txt").render(mail=mail))
    assert said.html == page_of("outbox/mail.html", mail=mail, subject=subject_line(mail))


async def test_thousands_are_written_some_at_a_time(session: AsyncSession, now: datetime) -> None:
    mails = (replace(MAIL, recipient=f"r{one}@x.example", why=f"Pour {one} : c’est livré") for one in range(SIZE))
    ids = await queue_mails(session, mails, now)
    rows = await session.execute(
        text("SELECT id, recipient, body_text, body_html FROM messages WHERE kind = 'x' ORDER BY id")
    )
    found = list(rows)
    assert [row.id for row in found] == ids
    for number, row in enumerate(found):
        assert row.recipient == f"r{number}@x.example"
        assert f"Pour {number}\u00a0: c’est livré\n" in row.body_text
        assert f">Pour {number}\u00a0: c’est livré<" in row.body_html
