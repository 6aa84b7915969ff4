"""What the log has of every request: ids, its route and how long it took; nothing that anybody typed."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from litestar import Litestar
from structlog.typing import FilteringBoundLogger

from pooling.home import pages as home_pages
from pooling.kernel.logs import ABOUT, begin_logs
from pooling.web.watching import Seen, telling
from web_client import Browser, SignIn, stand_on

TYPED = "Zoé Typée"
Begin = Callable[[str, str], FilteringBoundLogger]
LOG = logging.getLogger("pooling.test")


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """As when a process begins: nothing else writes what `logging` is told."""
    level = logging.root.level

    def begun(form: str, level: str) -> FilteringBoundLogger:
        monkeypatch.setattr(logging.root, "handlers", [])
        return begin_logs(form, level)

    yield begun
    logging.root.setLevel(level)


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in lines if line.get("logger") != "httpx"]  # which is the caller’s


async def test_each_request_is_a_line_without_what_was_typed(
    app: Litestar,
    sign_in: SignIn,
    visitor: Browser,
    capsys: pytest.CaptureFixture[str],
    begin: Begin,
) -> None:
    stand_on(app, watchers=[telling(begin("json", "debug"))])
    referent = await sign_in("referent@lugos.example")
    answers = [
        await referent.get("/g/bassin/achats"),
        await referent.get(f"/g/bassin/{TYPED}?q={TYPED}"),
        await visitor.post("/connexion", {"email": f"{TYPED}@lugos.example"}),
        await visitor.get(f"/g/bassin/achats/{TYPED}", headers={"Cookie": TYPED.encode().hex(), "Referer": "typed"}),
        await visitor.get("/static/nowhere.css"),
    ]
    told = lines_of(capsys)
    said = [line for line in told if line["event"] == "request"]
    assert len({line["request"] for line in said}) == len(said)
    by_number = {line["request"]: line for line in said}
    first, _, sent, _, static = lines = [by_number[answer.headers["x-request-id"]] for answer in answers]
    assert [(line["method"], line["status"]) for line in lines] == [
        (answer.request.method, answer.status_code) for answer in answers
    ]
    assert (first["route"], first["level"]) == ("/g/{group}/achats", "info")
    assert first["person"]
    assert first["group"]
    assert first["ms"] > 0
    assert first["time"].endswith("Z")
    assert sent["person"] is sent["group"] is None
    assert static["level"] == "debug"
    assert all(word not in json.dumps(told, ensure_ascii=False) for word in ("Typ", "lugos", "pooling-"))


async def test_what_fails_is_found_by_its_number(
    app: Litestar,
    sign_in: SignIn,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    begin: Begin,
) -> None:
    """It stands on the page that people quote from, and in the line with the traceback."""

    async def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no more room")

    monkeypatch.setattr(home_pages, "open_collections", fails)
    begin("json", "warning")
    page = await (await sign_in("referent@lugos.example")).get("/g/bassin")
    assert page.status_code == 500
    (line,) = lines_of(capsys)
    assert page.headers["x-request-id"] == line["request"]
    assert f"<strong>{line['request']}</strong>" in page.text
    assert (line["level"], line["logger"]) == ("error", "pooling.web.errors")
    assert line["person"]
    assert line["group"]
    assert "no more room" in line["exception"]


@pytest.mark.parametrize(("form", "told"), [("json", '"event": "3 written"'), ("console", "3 written")])
def test_what_modules_tell_comes_out_in_the_same_form(
    form: str, told: str, capsys: pytest.CaptureFixture[str], begin: Begin
) -> None:
    lines = begin(form, "info")
    before = ABOUT.set(lambda: {"job": "sweep"})
    LOG.info("%s written", 3)
    LOG.debug("not told")
    ABOUT.reset(before)
    telling(lines)(Seen("1", "GET", "/", 200, 0.0123, 1, 2))
    telling(lines)(Seen("2", "GET", "/health/live", 200, 0.0, None, None))
    ours, request = capsys.readouterr().err.splitlines()
    assert told in ours
    assert "sweep" in ours
    assert "12.3" in request


def test_nobody_reading_the_log_stops_no_request() -> None:
    class Broken:
        def info(self, *_: object, **__: object) -> None:
            raise BrokenPipeError

    telling(Broken())(Seen("1", "GET", "/", 200, 0.0, None, None))  # type: ignore[arg-type]
