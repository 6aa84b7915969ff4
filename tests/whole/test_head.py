"""HEAD, which link checkers, calendars and mail programs ask first, answers as GET does."""

import pytest

from ground.walk import Step, Walk

READER = "reader"
UNLIKE = {"content-length", "date", "set-cookie", "x-request-id"}


def assert_alike(asked: Step, read: Step) -> None:
    assert (asked.answer.status_code, asked.sent) == (read.answer.status_code, 0), asked.path
    assert {name: value for name, value in asked.answer.headers.items() if name not in UNLIKE} == {
        name: value for name, value in read.answer.headers.items() if name not in UNLIKE
    }, asked.path


async def test_head_answers_as_get_without_a_body(walk: Walk) -> None:
    heads = await walk.heads(READER)
    assert len(heads) > 15
    for asked, read in heads:
        assert_alike(asked, read)


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
    ],
)
async def test_also_where_nothing_is_shown(walk: Walk, path: str, status: int) -> None:
    asked, read = await walk.at(READER, path, "HEAD"), await walk.at(READER, path)
    assert read.answer.status_code == status
    assert_alike(asked, read)


async def test_also_without_a_token(walk: Walk) -> None:
    asked, read = await walk.at("visitor", "/api/v1/me", "HEAD"), await walk.at("visitor", "/api/v1/me")
    assert read.answer.status_code == 401
    assert_alike(asked, read)
