"""HEAD, which link checkers, calendars and mail programs ask first, answers as GET does."""

import pytest

from factories import Territory
from web_client import SignIn

READER = "observation@bassin.example"
UNLIKE = {"content-length", "date", "set-cookie"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/accessibilite", 200),
        ("/g/bassin/comites", 200),
        ("/g/bassin/comites/nouveau", 403),
        ("/g/ailleurs/comites", 404),
        ("/calendrier/bassin/inconnu.ics", 404),
        ("/deconnexion", 405),
        ("/static/base.css", 200),
        ("/api/v1/me", 401),
    ],
)
async def test_head_answers_as_get_without_a_body(
    territory: Territory, sign_in: SignIn, path: str, status: int
) -> None:
    browser = await sign_in(READER)
    asked, read = await browser.client.head(path), await browser.get(path)
    assert (asked.status_code, asked.content) == (status, b"")
    assert read.status_code == status
    assert {name: value for name, value in asked.headers.items() if name not in UNLIKE} == {
        name: value for name, value in read.headers.items() if name not in UNLIKE
    }
