"""Files are shown to a clamd, here a small one that speaks its protocol on a unix socket and knows one signature."""

import asyncio
import struct
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from committees.agendas.test_pieces import FACILITATOR, PDF, links, plan, send
from factories import Territory
from pooling.kernel.database import Database
from pooling.kernel.scanner import Scanner, ScannerAwayError
from pooling.web.scanning import AWAY, NOT_SCANNED, SCANNED
from web_client import SignIn, stand_on, text_of

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The harmless file that every scanner must find (EICAR, 2003)."""
STREAM_MAX = 12 * 1024 * 1024


class Clamd:
    """A daemon with one signature. `seen` are the contents that it was shown."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = await reader.readuntil(b"\0")
        writer.write(b"PONG\0" if command == b"zPING\0" else await self._instream(command, reader))
        await writer.drain()
        writer.close()

    async def _instream(self, command: bytes, reader: asyncio.StreamReader) -> bytes:
        if command != b"zINSTREAM\0":
            return b"UNKNOWN COMMAND\0"
        content = b""
        while True:
            (size,) = struct.unpack(">I", await reader.readexactly(4))
            if size == 0:
                break
            content += await reader.readexactly(size)
            if len(content) > STREAM_MAX:
                return b"INSTREAM size limit exceeded. ERROR\0"
        self.seen.append(content)
        return b"stream: Eicar-Signature FOUND\0" if content.startswith(EICAR) else b"stream: OK\0"


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory() as folder:  # a socket's path has a hundred letters at most
        path = Path(folder) / "clamd.sock"
        server = await asyncio.start_unix_server(serve, path)
        async with server:
            yield f"unix://{path}"


@pytest.fixture
async def clamd() -> AsyncIterator[tuple[Clamd, str]]:
    daemon = Clamd()
    async with listening(daemon.serve) as address:
        yield daemon, address


async def test_the_protocol(clamd: tuple[Clamd, str]) -> None:
    daemon, address = clamd
    scanner = Scanner(address)
    assert await scanner.answers()
    assert await scanner.found_in(PDF) is None
    assert await scanner.found_in(EICAR) == "Eicar-Signature"
    large = bytes(range(256)) * 40_000
    assert await scanner.found_in(large) is None
    assert daemon.seen == [PDF, EICAR, large], "in chunks, and whole"
    with pytest.raises(ScannerAwayError, match="size limit exceeded"):
        await scanner.found_in(b"x" * (STREAM_MAX + 1))


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def babbles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"y" * 10_000)
    await writer.drain()
    writer.close()


async def says_something_else(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"stream: OK, perhaps\0")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("serve", [hangs_up, babbles, says_something_else])
async def test_whatever_else_it_says_is_no_answer(serve: Serve) -> None:
    async with listening(serve) as address:
        with pytest.raises(ScannerAwayError):
            await Scanner(address).found_in(PDF)
        assert not await Scanner(address).answers()


async def test_what_is_found_is_refused_and_the_rest_can_be_sent_again(
    database: Database, territory: Territory, sign_in: SignIn, clamd: tuple[Clamd, str]
) -> None:
    page, _ = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    settings = browser.app.state.services.settings
    stand_on(browser.app, settings=settings.model_copy(update={"clamd": clamd[1]}))
    assert SCANNED in (await browser.get(f"{page}/pieces")).text
    refused = await send(browser, page, [("devis.pdf", PDF), ("cadeau.txt", EICAR)])
    assert refused.status_code == 422
    assert "« cadeau.txt » contient un programme malveillant (Eicar-Signature)" in text_of(refused)
    assert await links(browser, f"{page}/pieces") == [], "all or none"
    assert clamd[0].seen == [PDF, EICAR]
    assert (await send(browser, page, [("devis.pdf", PDF)])).status_code == 303
    assert len(await links(browser, f"{page}/pieces")) == 1


async def test_a_scanner_that_does_not_answer_refuses_files(
    database: Database, territory: Territory, sign_in: SignIn, tmp_path: Path
) -> None:
    page, _ = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    settings = browser.app.state.services.settings
    stand_on(browser.app, settings=settings.model_copy(update={"clamd": f"unix://{tmp_path}/nobody.sock"}))
    refused = await send(browser, page, [("devis.pdf", PDF)])
    assert refused.status_code == 422
    assert AWAY in text_of(refused)
    assert await links(browser, f"{page}/pieces") == []


async def test_without_a_scanner_the_page_says_so(database: Database, territory: Territory, sign_in: SignIn) -> None:
    page, _ = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    shown = text_of(await browser.get(f"{page}/pieces"))
    assert NOT_SCANNED.replace(" :", " :") in shown
    assert (await send(browser, page, [("devis.pdf", PDF)])).status_code == 303
