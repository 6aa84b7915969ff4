"""Every form of work, on every page, whoever fills it: sent after the session has ended it changes nothing, and once
its person is signed in again its page holds every value.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest
from lxml.html import HtmlElement

from factories import NOW
from ground.forms import posting_forms
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
    fields: list[tuple[str, str]] = field(default_factory=list)
    """Name and value of what would be sent, in order."""
    typed_in: list[str] = field(default_factory=list)
    """Names of boxes and texts."""


def forms_of(page: str, typed: str | None = None) -> list[FormShown]:
    """The posting forms of a page. Texts are typed in, unticked boxes are ticked, the last choice of a list is made."""
    return [_shown(form, typed) for form in posting_forms(page)]


def _shown(form: HtmlElement, typed: str | None) -> FormShown:
    shown = FormShown(form.get("action").partition("?")[0])
    for control in form.iter("input", "textarea", "select"):
        name, kind = control.get("name", ""), control.get("type", "text")
        if control.tag == "select":
            options = list(control.iter("option"))
            chosen = [one for one in options if "selected" in one.attrib] or options[:1]
            shown.fields += [(name, one.get("value", "")) for one in (options[-1:] if typed else chosen[:1])]
        elif control.tag == "input" and kind in {"checkbox", "radio"}:
            if "checked" in control.attrib or (typed and kind == "checkbox"):
                shown.fields.append((name, control.get("value")))
        elif kind not in {"file", "submit"}:
            is_text = control.tag == "textarea"
            value = control.text_content().removeprefix("\n") if is_text else control.get("value", "")
            by_hand = is_text or kind != "hidden"
            shown.typed_in += [name] * by_hand
            shown.fields.append((name, typed if typed and by_hand else value))
    return shown


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
        for form in forms_of(step.answer.text, typed="Saisi « à l’instant »"):
            asks = form.action, *sorted({name for name, _ in form.fields})
            if form.action in seen or asks in sent or NO_WORK.match(form.action) or not form.typed_in:
                continue
            seen.add(form.action)
            sent.add(asks)
            back = await sent_too_late(walk, browser, role, form, step.path)
            if not any(told_apart(form) == told_apart(found) for found in forms_of(back.text)):
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
