"""Every form of work, on every page, whoever fills it: sent after the session has ended it changes nothing, and once
its person is signed in again its page holds every value.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlencode

import httpx
import pytest

from factories import NOW
from ground.walk import ACTORS, Walk
from pooling.accounts.keeping import OFFERED
from pooling.kernel.clock import FixedClock
from web_client import Browser

NO_WORK = re.compile(r"/connexion|/deconnexion|/compte/second-facteur|/courriels/")
"""Forms of signing in and out, and those that hold a secret."""


@dataclass
class FormShown:
    """A posting form as a browser holds it."""

    action: str
    multipart: bool
    fields: list[tuple[str, str]] = field(default_factory=list)
    """Name and value of what would be sent, in order."""
    typed_in: list[str] = field(default_factory=list)
    """Names of boxes and texts."""


class FormsOf(HTMLParser):
    """The posting forms of a page. Texts are typed in, unticked boxes are ticked, the last choice of a list is made."""

    def __init__(self, page: str, typed: str | None = None) -> None:
        super().__init__()
        self.forms: list[FormShown] = []
        self.typed = typed
        self._form: FormShown | None = None
        self._text: list[str] | None = None
        self._name = ""
        self._options: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: C901 - one kind a line
        given = {key: value or "" for key, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self._form = FormShown(given["action"].partition("?")[0], "enctype" in given)
            self.forms.append(self._form)
        if self._form is None:
            return
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "input" and kind in {"checkbox", "radio"}:
            if "checked" in given or (self.typed is not None and kind == "checkbox"):
                self._form.fields.append((name, given["value"]))
        elif tag == "input" and kind not in {"file", "submit"}:
            self._put(name, given.get("value", ""), by_hand=kind != "hidden")
        elif tag == "textarea":
            self._name, self._text = name, []
        elif tag == "select":
            self._name, self._options = name, []
        elif tag == "option":
            self._options.append((given.get("value", ""), "selected" in given))

    def _put(self, name: str, value: str, *, by_hand: bool) -> None:
        assert self._form is not None
        if by_hand:
            self._form.typed_in.append(name)
        self._form.fields.append((name, self.typed if by_hand and self.typed is not None else value))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            self._put(self._name, "".join(self._text).removeprefix("\n"), by_hand=True)
            self._text = None
        elif tag == "select" and self._form is not None and self._options:
            chosen = [value for value, is_chosen in self._options if is_chosen] or [self._options[0][0]]
            self._form.fields.append((self._name, self._options[-1][0] if self.typed is not None else chosen[0]))
        elif tag == "form":
            self._form = None


def told_apart(form: FormShown) -> tuple[str, list[tuple[str, str]]]:
    return form.action, sorted(pair for pair in form.fields if pair[0] != "csrf")


@pytest.fixture(scope="module")
def sent() -> set[object]:
    """Forms, by where they go and what they ask: who fills them changes nothing of how they are kept."""
    return set()


@pytest.mark.parametrize("role", ["facilitator", "referent", "buyer", "finance"])
async def test_every_form_of_every_page_comes_back_as_it_was_typed(walk: Walk, sent: set[object], role: str) -> None:
    seen: set[str] = set()
    lost: list[str] = []
    browser = Browser(walk.app, walk.database)
    for step in await walk.reads(role):
        if step.status != 200 or "html" not in step.answer.headers["content-type"]:
            continue
        for form in FormsOf(step.answer.text, typed="Saisi « à l’instant »").forms:
            asks = form.action, *sorted({name for name, _ in form.fields})
            if form.action in seen or asks in sent or NO_WORK.match(form.action) or not form.typed_in:
                continue
            seen.add(form.action)
            sent.add(asks)
            back = await sent_too_late(walk, browser, role, form, step.path)
            if not any(told_apart(form) == told_apart(found) for found in FormsOf(back.text).forms):
                lost.append(f"{form.action} on {step.path}")
    assert lost == []
    assert len(sent) > 2, "the walk met forms"
    await browser.close()


async def sent_too_late(walk: Walk, browser: Browser, role: str, form: FormShown, page: str) -> httpx.Response:
    """The page that is offered once the person is signed in again; the session that the page was shown in has ended."""
    clock = FixedClock(NOW + timedelta(hours=13))
    async with walk.staged(clock):
        browser.hold(walk.sessions[role])
        answer = await browser.client.post(
            form.action,
            content=urlencode(form.fields).encode(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Sec-Fetch-Site": "same-origin",
                "Referer": f"http://127.0.0.1:8000{page}",
            },
        )
        ended = 303, f"/connexion?suite={OFFERED}"
        assert (answer.status_code, answer.headers.get("location")) == ended, form.action
        clock.instant = NOW
        await browser.sign_in(walk.here.people[ACTORS[role]])
        addresses = re.findall(r'href="([^"]+reprise=\d+)"', (await browser.get(OFFERED)).text)
        return await browser.get(unescape(addresses[0]))
