"""A program that uses the JSON interface in process, with a token of one of the territory's people."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, cast

import httpx
from litestar import Litestar

from pooling.accounts.models import TokenScope
from pooling.accounts.tokens import make_token
from pooling.kernel.database import Database

API = "/api/v1/groups/bassin"


class Program:
    """Sends JSON with a token; cookies and forms are none of its business."""

    def __init__(self, app: Litestar, token: str | None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.token = token
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False),
            base_url="http://127.0.0.1:8000",
            headers=headers,
        )

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=_named(headers))

    async def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        return await self.client.post(path, json=body, headers=_named(headers))

    async def put(self, path: str, body: object, **headers: str) -> httpx.Response:
        return await self.client.put(path, json=body, headers=_named(headers))

    async def close(self) -> None:
        await self.client.aclose()


def _named(headers: dict[str, str]) -> dict[str, str]:
    """`if_match="…"` is the header `If-Match`."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


Connect = Callable[..., Awaitable[Program]]
"""Makes a token for the person of this e-mail address and gives the program that carries it."""


async def token_of(
    database: Database,
    person_id: int,
    group_id: int,
    now: datetime,
    *,
    scope: TokenScope = TokenScope.WRITE,
    expires_at: datetime | None = None,
) -> str:
    async with database.transaction() as session:
        made = await make_token(session, person_id, group_id, name="Essai", scope=scope, expires_at=expires_at, now=now)
        return made.token


def problem(answer: httpx.Response) -> tuple[int, str]:
    """The status and the stable code of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == answer.status_code
    return answer.status_code, said["code"]
