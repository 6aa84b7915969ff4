"""The server under the application, spoken to byte by byte: who is slow, endless or ambiguous holds up nobody."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
import pytest_asyncio
from litestar import Litestar, Request, get

from api_client import API, token_of
from factories import NOW, Territory
from pooling.accounts.throttle import host_of
from pooling.embedded.postgres import PostgresAddresses
from pooling.kernel.database import WEB, Database
from pooling.web import bodies, server
from pooling.web.server import PatientProtocol, server_of
from web_client import features_in, stand_on

FORM = "POST /connexion HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
PATIENCE = 60
"""Seconds for what should happen at once, on a machine that does much else."""


@asynccontextmanager
async def listening(app: Litestar, proxies: tuple[str, ...] = ()) -> AsyncIterator[int]:
    """Serves on a port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = server_of(app, proxies=proxies)
        task = asyncio.create_task(serving.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            serving.should_exit = True
            await task


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> "Line":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def say(self, text: str | bytes) -> None:
        self.writer.write(text.encode() if isinstance(text, str) else text)
        await self.writer.drain()

    async def all(self) -> str:
        """What comes until the server closes."""
        async with asyncio.timeout(PATIENCE):
            try:
                return (await self.reader.read(-1)).decode()
            except ConnectionResetError:
                return ""
            finally:
                self.writer.close()

    async def status(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return int((await self.reader.readline()).split()[1])


@pytest_asyncio.fixture
async def port(app: Litestar) -> AsyncIterator[int]:
    async with listening(app) as number:
        yield number


@pytest.mark.parametrize("sent", ["", "GET /connexion HT", "GET /connexion HTTP/1.1\r\nHost: a\r\nCookie: "])
async def test_a_head_that_does_not_end_is_hung_up_on(port: int, monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    monkeypatch.setattr(server, "TIME_FOR_A_HEAD", timedelta(seconds=0.2))
    line = await Line.to(port)
    await line.say(sent)
    assert await line.all() == ""


async def test_the_second_request_of_a_connection_is_waited_for_no_longer(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await Line.to(port)
    await line.say("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
    assert await line.status() == 200
    monkeypatch.setattr(server, "TIME_FOR_A_HEAD", timedelta(seconds=0.2))
    await line.say("GET /health/live HTT")
    assert (await line.all()).endswith('{"status":"live"}')


async def test_a_head_without_an_end_in_size_is_refused(port: int) -> None:
    line = await Line.to(port)
    await line.say("GET /health/live HTTP/1.1\r\nHost: a\r\nX: " + "a" * 40_000)
    assert (await line.all()).startswith("HTTP/1.1 400")


async def test_a_body_that_does_not_come_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "TIME_FOR_A_BODY", timedelta(seconds=0.2))
    monkeypatch.setattr(bodies, "SLOWEST_BODY", 10**9)
    line = await Line.to(port)
    await line.say(f"{FORM}Content-Length: 10\r\n\r\na")
    answer = await line.all()
    assert answer.startswith("HTTP/1.1 408")
    assert "connection: close" in answer.lower()
    assert "a mis trop de temps à arriver" in answer


async def test_who_leaves_in_the_middle_leaves_no_trace(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """A log full of errors hides the true ones."""
    for _ in range(3):
        line = await Line.to(port)
        await line.say(f"{FORM}Content-Length: 10\r\n\r\na")
        line.writer.close()
    asked = await Line.to(port)
    await asked.say("GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert (await asked.all()).startswith("HTTP/1.1 200")
    assert "unexpected" not in caplog.text


@pytest.mark.parametrize(
    "first",
    ["Content-Length: 6\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 0"],
)
async def test_two_ends_of_a_body_are_refused_and_what_follows_is_not_read(port: int, first: str) -> None:
    """Whoever stands in front may see another request in what follows."""
    line = await Line.to(port)
    await line.say(f"{FORM}{first}\r\n\r\n0\r\n\r\nGET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = await line.all()
    assert answer.startswith("HTTP/1.1 400")
    assert "connection: close" in answer.lower()
    assert answer.count("HTTP/1.1") == 1
    assert "live" not in answer


async def test_a_body_that_nobody_reads_ends_the_connection(port: int) -> None:
    """A page that is asked for with a body, an address that does not exist: what comes would be read for ever."""
    for start in ("GET /health/live", "POST /nowhere", "PUT /connexion"):
        line = await Line.to(port)
        await line.say(f"{start} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        assert "connection: close" in (await line.all()).lower()


async def test_a_body_in_chunks_of_one_byte_lets_others_pass(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = 0.0
    whole = PatientProtocol.data_received
    part = PatientProtocol._read

    def timed(self: PatientProtocol, data: bytes, act: Callable[[PatientProtocol, bytes], None]) -> None:
        nonlocal longest
        began = time.thread_time()
        act(self, data)
        longest = max(longest, time.thread_time() - began)

    monkeypatch.setattr(bodies, "TIME_FOR_A_BODY", timedelta(minutes=10))  # not what a busy machine takes for it
    monkeypatch.setattr(PatientProtocol, "data_received", lambda self, data: timed(self, data, whole))
    monkeypatch.setattr(PatientProtocol, "_read", lambda self, data: timed(self, data, part))
    line = await Line.to(port)
    await line.say(f"{FORM}Transfer-Encoding: chunked\r\n\r\n2\r\na=\r\n")
    await line.say(b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n")
    async with asyncio.timeout(600):
        assert (await line.reader.readline()).startswith(b"HTTP/1.1 403")
    line.writer.close()
    assert 0 < longest < 0.05


@pytest.mark.parametrize(
    ("proxies", "seen"), [((), "127.0.0.1"), (("192.0.2.1",), "127.0.0.1"), (("127.0.0.0/8",), "198.51.100.7")]
)
async def test_only_a_named_proxy_says_who_visits(
    monkeypatch: pytest.MonkeyPatch, proxies: tuple[str, ...], seen: str
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")

    @get("/")
    async def who(request: Request[Any, Any, Any]) -> str:
        return host_of(request)

    async with listening(Litestar([who], openapi_config=None), proxies) as number:
        line = await Line.to(number)
        await line.say("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.7\r\nConnection: close\r\n\r\n")
        assert (await line.all()).endswith(f"\r\n\r\n{seen}")


async def test_readers_who_wait_hold_no_connection_with_the_database(
    app: Litestar, fresh_addresses: PostgresAddresses, territory: Territory
) -> None:
    """Twenty-one programs that sent one byte and waited held every connection; everybody else got a 500."""
    database = Database.connect(fresh_addresses.application, pool_size=2, patience=WEB)
    token = await token_of(database, territory.people["animation@bassin.example"], territory.group_id, NOW)
    stand_on(app, database=database.handing(features_in(app)))
    head = f"Host: a\r\nAuthorization: Bearer {token}\r\n"
    async with listening(app) as number:
        waiting = [await Line.to(number) for _ in range(21)]
        for line in waiting:
            await line.say(
                f"POST {API}/members HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
            )
        for _ in range(3):
            asked = await Line.to(number)
            await asked.say(f"GET {API}/members HTTP/1.1\r\n{head}Connection: close\r\n\r\n")
            assert (await asked.all()).startswith("HTTP/1.1 200")
        assert cast("Any", database)._engine.pool.checkedout() == 0
        for line in waiting:
            line.writer.close()
    await database.dispose()
