"""What every answer of every route says to the browser, whoever asks."""

import pytest

from ground.walk import ACTORS, Step, Walk
from pooling.web.security import HEADERS, NO_REFERRER

SECRETIVE = "/g/{group}/calendrier"
"""A secret address is on its page: where one goes from there is told nothing at all."""


def assert_said(step: Step) -> None:
    page = step.route.template == SECRETIVE and step.answer.status_code < 300
    for name, value in {**HEADERS, **(NO_REFERRER if page else {})}.items():
        assert step.answer.headers.get_list(name) == [value], f"{step.where}: {step.status} {name}"
    assert "cache-control" in step.answer.headers, step.where
    assert step.answer.headers.get("content-type", "").count("charset") <= 1, step.where


@pytest.mark.parametrize("actor", ["visitor", *ACTORS])
async def test_every_answer_carries_the_headers(walk: Walk, actor: str) -> None:
    for step in [*await walk.reads(actor), *await walk.writes(actor)]:
        assert_said(step)


async def test_only_what_is_everybodys_may_be_kept(walk: Walk) -> None:
    """Every page that needs no parameter, as nobody: what a cache may keep is listed here."""
    alone = [step for step in await walk.reads("visitor") if "{" not in step.route.template]
    assert len(alone) > 10
    kept = {step.path for step in alone if "no-store" not in step.answer.headers["cache-control"]}
    assert kept == {"/branding.css"}
