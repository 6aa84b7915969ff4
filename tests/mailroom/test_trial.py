"""A facilitator tries whether mails arrive, and `pooling doctor` whether the server would take them."""

import socket

from sqlalchemy import text

from factories import Territory
from outbox.sink import Sink, running
from pooling.cli.doctor import Verdict, _mail_server
from pooling.kernel.database import Database
from pooling.settings import Settings
from web_client import SignIn, text_of

PAGE = "/g/bassin/relances/echecs"


async def test_a_trial_goes_to_who_asks_and_is_not_called_sent(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    facilitator = await sign_in("animation@bassin.example")
    assert "M’envoyer un courriel d’essai" in text_of(await facilitator.get(PAGE))
    assert (await facilitator.post(f"{PAGE}/essai", page=PAGE)).status_code == 303
    assert "attend son envoi à animation@bassin.example" in text_of(await facilitator.get(PAGE))
    async with database.transaction(territory.group_id) as session:
        rows = (await session.execute(text("SELECT recipient, kind, priority FROM messages"))).all()
    assert [tuple(row) for row in rows] == [("animation@bassin.example", "mail_trial", 0)]


async def test_the_doctor_greets_the_server_and_sends_nothing() -> None:
    async with running(Sink()) as sink:
        url = f"smtp://127.0.0.1:{sink.port}"
        found = await _mail_server(url, Settings(smtp_url=url))
        assert (found.verdict, sink.connections, sink.received) == (Verdict.WORKS, 1, [])
        # This server asks nobody to sign in: a password that it cannot take is what deliveries would stumble over.
        url = f"smtp://somebody:secret@127.0.0.1:{sink.port}"
        found = await _mail_server(url, Settings(smtp_url=url))
    assert found.verdict is Verdict.TO_MEND
    assert "secret" not in found.said


async def test_the_doctor_says_that_nobody_answers() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"smtp://127.0.0.1:{closed.getsockname()[1]}"
        found = await _mail_server(url, Settings(smtp_url=url))
    assert found.verdict is Verdict.TO_MEND
