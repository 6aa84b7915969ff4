"""A browser without a screen: signs in as a role, keeps cookies, posts forms with their token."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any, cast

import httpx
from litestar import Litestar
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import SecondFactor, SignInSession
from pooling.accounts.sessions import open_session
from pooling.kernel.database import Database
from pooling.members.features import Features
from pooling.web.security import SESSION_COOKIE
from pooling.web.services import Services

TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


async def give_second_factor(session: AsyncSession, person_id: int, now: datetime) -> None:
    """As if the person had set one up, and given it in every open session."""
    session.add(SecondFactor(person_id=person_id, secret=b"unused", confirmed_at=now))
    await session.execute(
        update(SignInSession).where(col(SignInSession.person_id) == person_id).values(second_factor_at=now)
    )


def stand_on(app: Litestar, *parts: object, **services: Any) -> None:  # noqa: ANN401 - as the fields are
    """From now on the application stands on these services instead, and on these parts instead of others of their
    type; its fixture brings the former ones back.
    """
    before: Services = app.state.services
    app.state.services = replace(before, parts={**before.parts, **{type(part): part for part in parts}}, **services)


def features_in(app: Litestar) -> Features:
    services: Services = app.state.services
    return services.part(Features)


class Browser:
    """Talks to the application in process. `get` and `post` return the answer without following it."""

    def __init__(self, app: Litestar, database: Database) -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False),
            base_url="http://127.0.0.1:8000",
        )
        self.app = app
        self.database = database

    async def sign_in(self, person_id: int, *, second_factor: bool = False) -> None:
        """`second_factor` is in place, and was given."""
        async with self.database.transaction() as session:
            now = self.app.state.services.clock.now()
            token = await open_session(session, person_id, now)
            if second_factor:
                await session.flush()
                await give_second_factor(session, person_id, now)
        self.hold(token)

    def hold(self, token: str) -> None:
        """Puts this token in the session cookie, whatever was there."""
        self.client.cookies.set(SESSION_COOKIE, token, domain="127.0.0.1")

    @property
    def token(self) -> str:
        return str(self.client.cookies[SESSION_COOKIE])

    async def get(self, path: str, **options: object) -> httpx.Response:
        return await self.client.get(path, **options)  # type: ignore[arg-type]

    async def post(
        self,
        path: str,
        values: Mapping[str, object] | None = None,
        *,
        page: str | None = None,
        headers: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> httpx.Response:
        """Posts as a form of `page` (by default of any page of ours) would; `files` are name, content and type."""
        shown = await self.client.get(page or "/accessibilite")
        token = TOKEN.search(shown.text)
        if token is None:
            shown = await self.client.get("/connexion")
            token = TOKEN.search(shown.text)
        assert token is not None, f"no form on {page}"
        data = {"csrf": token[1], **{name: _sent(value) for name, value in (values or {}).items()}}
        sent_from = {"Sec-Fetch-Site": "same-origin", **(headers or {})}
        return await self.client.post(path, data=data, files=files, headers=sent_from)

    async def close(self) -> None:
        await self.client.aclose()


def _sent(value: object) -> str | list[str]:
    """As a form sends it: boxes of one name once each."""
    return [str(one) for one in value] if isinstance(value, list) else str(value)


SignIn = Callable[[str], Awaitable[Browser]]
"""Opens a browser for the person of this e-mail address."""


def text_of(answer: httpx.Response) -> str:
    """What a person reads on the page, blanks made plain."""
    without_tags = re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style).*?</\1>", "", answer.text))
    return re.sub(r"\s+", " ", unescape(without_tags)).strip()


async def insist(browser: Browser, path: str, values: Mapping[str, object], said: str = "") -> httpx.Response:
    """Posts a form that is doubted, and posts it again, insisting."""
    doubted = await browser.post(path, values, page=path)
    assert doubted.status_code == 422, text_of(doubted)
    assert said in text_of(doubted)
    return await browser.post(path, {**values, **insisting(doubted)}, page=path)


def insisting(shown: httpx.Response, because: str = "Vérifié au téléphone") -> dict[str, str]:
    """What insists on the doubts that a page shows."""
    mark = re.search(r'name="doubts" value="([0-9a-f]+)"', shown.text)
    assert mark, "the page doubts nothing"
    return {"doubts": mark[1], "confirmed": "1", "because": because}
