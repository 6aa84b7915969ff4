"""Somebody at a browser. Where scripts run, every page that is met is examined: axe, the console, the content security
policy, and its width on a phone and at 200 % zoom.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Route, expect

from pooling.web.security import SESSION_COOKIE

WIDE, ZOOMED, NARROW = 1200, 600, 320
"""CSS pixels: a desk's screen, the same at 200 % zoom, a phone's."""
HEIGHT = 900
AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]},
    "resultTypes": ["violations"],
    "preload": False,
}
PATIENCE = 60_000
"""Milliseconds, for a machine that does much else."""
Met = tuple[str, str, bool]
"""A page as it was met: its address, what it said, and whether in the dark."""
axe = Axe()
EXAMINING = Path(__file__).with_name("examining.js").read_text("utf-8")
expect.set_options(timeout=PATIENCE)


@dataclass
class Examined:
    """What was looked at closely in a run, and need not be again."""

    pages: set[Met] = field(default_factory=set)
    looks: set[str] = field(default_factory=set)
    """Of texts whose contrast is enough."""
    shapes: set[str] = field(default_factory=set)
    """Of elements, and all that they stand in, with which axe was content."""
    longest_word: int = 0
    """Letters, of what was measured."""


@dataclass
class Visitor:
    """One window of a browser, and what was wrong with the pages it met."""

    page: Page
    url: str
    dark: bool
    examines: bool
    examined: Examined
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        # A refused form's page says so in its status; Chromium tells it as a failed load of the page itself.
        own_status = message.text.startswith("Failed to load resource") and message.location["url"] == self.page.url
        if message.type in {"error", "warning"} and not own_status:
            self.complaints.append(f"{self.page.url}: {message.text}")

    async def open(self, path: str, status: int = 200) -> None:
        answer = await self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == status, f"{path} answers {answer.status}"
        await self.look()

    async def reading(self) -> httpx.AsyncClient:
        """Reads as this person what the server sends, without a window."""
        cookies = await self.page.context.cookies()
        held = "; ".join(f"{one['name']}={one['value']}" for one in cookies)
        return httpx.AsyncClient(base_url=self.url, headers={"Cookie": held}, timeout=PATIENCE, follow_redirects=True)

    async def hold(self, token: str) -> None:
        """Puts this token in the cookie of the session, whatever was there."""
        await self.page.context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": self.url}])

    async def enter_as(self, email: str) -> None:
        """Chooses a role on the demonstration's sign-in page."""
        await self.open("/connexion")
        button = self.page.get_by_role("button", name=f"Entrer en tant que {email}", exact=True)
        if not await button.is_visible():
            await self.page.get_by_text("Les autres personnes du groupe").click()
        await self.go_by(button)

    async def leave(self) -> None:
        """Signs out, by the person's menu."""
        await self.page.locator(".site-person > summary").click()
        await self.press("Se déconnecter")

    async def follow(self, name: str, within: Locator | None = None) -> None:
        await self.go_by((within or self.page).get_by_role("link", name=name, exact=True))

    async def press(self, name: str) -> None:
        await self.go_by(self.page.get_by_role("button", name=name, exact=True))

    async def go_by(self, target: Locator) -> None:
        """Clicks what leads to another page, or to the same with what was wrong, and looks at it."""
        async with self.page.expect_navigation(wait_until="load") as navigation:
            await target.click()
        answer = await navigation.value
        assert answer.status in {200, 422}, f"{self.page.url} answers {answer.status}"
        await self.look()

    async def fill(self, label: str, value: str) -> None:
        await labelled(self.page, label).fill(value)

    async def reads(self, text: str) -> None:
        """Waits for the page to say this, somewhere in its content."""
        await expect(self.page.locator("main")).to_contain_text(text, use_inner_text=True)

    async def look(self) -> None:
        """Examines the page where scripts run."""
        if not self.examines:
            return
        met = self.page.url, await self.page.evaluate("document.body.innerText"), self.dark
        if met not in self.examined.pages:
            self.examined.pages.add(met)
            self.complaints += await complaints_about(self.page, self.examined)


def labelled(page: Page, label: str) -> Locator:
    """The field whose label begins with these words."""
    return page.get_by_label(re.compile(f"^{re.escape(label)}"))


@asynccontextmanager
async def held_back(page: Page) -> AsyncIterator[None]:
    """What the page sends by itself leaves it once the block has ended: what it says until then stays to be read."""
    free = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            await free.wait()
        await route.continue_()

    await page.route("**/*", hold)
    try:
        yield
    finally:
        free.set()
        await page.unroute("**/*", hold)


async def complaints_about(page: Page, known: Examined) -> list[str]:
    """What axe and a ruler find wrong with a page. Both are asked where there is something that they have not yet seen;
    the ruler also where a word is longer than any that it has.
    """
    examined = await page.evaluate(EXAMINING, [AXE, " ".join(known.looks), " ".join(known.shapes)])
    is_new, word = examined["isNew"], examined["longestWord"]
    if is_new:
        await page.evaluate(axe.axe_script)
        examined = await page.evaluate("asked()")
        known.looks.update(examined["looks"].split())
        known.shapes.update(examined["shapes"].split())
    found = [f"{page.url}: {rule}: {words}: {html}" for rule, words, html in examined["violations"]]
    if is_new or word > known.longest_word:
        known.longest_word = max(word, known.longest_word)
        found += await too_wide(page)
    return found


async def too_wide(page: Page) -> list[str]:
    found = []
    for width in (NARROW, ZOOMED, WIDE):
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        needed = await page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            found.append(f"{page.url}: {needed} pixels wide on a screen of {width}")
    return found


@dataclass
class Visitors:
    """Opens windows of one browser, each with its own cookies, and closes them. A page already `examined` that says
    the same is not examined again.
    """

    browser: Browser
    examined: Examined = field(default_factory=Examined)
    opened: list[tuple[BrowserContext, Visitor]] = field(default_factory=list)

    async def arrive(self, url: str, *, javascript: bool = True, dark: bool = False, examines: bool = True) -> Visitor:
        context = await self.browser.new_context(
            viewport={"width": WIDE, "height": HEIGHT},
            java_script_enabled=javascript,
            color_scheme="dark" if dark else "light",
            locale="fr-FR",
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        visitor = Visitor(page, url, dark=dark, examines=examines and javascript, examined=self.examined)
        visitor.listen()
        self.opened.append((context, visitor))
        return visitor

    async def close(self) -> None:
        for context, _ in self.opened:
            await context.close()

    @property
    def complaints(self) -> list[str]:
        return [complaint for _, visitor in self.opened for complaint in visitor.complaints]


def plain(text: str) -> str:
    """Text as it is read: every kind of blank made one space."""
    return re.sub(r"\s+", " ", text).strip()
