"""What browsers bring back, changed on its way: never an error, and nothing of it is believed."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import Territory
from pooling.kernel.carried import LONGEST_CARRIED, pack, sign, signed, unpack
from pooling.web.flash import FLASH_COOKIE, pack_flash, unpack_flash
from web_client import Browser, SignIn, stand_on, text_of

SECRET = "a secret of the tests, thirty-two characters or more"
MOMENT = datetime(2027, 3, 30, 18, tzinfo=UTC)


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_what_was_packed_comes_back() -> None:
    assert unpack(pack(("Arès", -3, MOMENT)), (str, int, datetime)) == ("Arès", -3, MOMENT)
    assert signed(SECRET, sign(SECRET, pack(("a",)))) == pack(("a",))
    assert len(pack(("𝒜" * 600, 2**62))) <= LONGEST_CARRIED


HOSTILE = [
    "",
    ".",
    "A",
    "é",
    "\udcff",
    "AAAA" * 2000,
    packed(None),
    packed("a1"),
    packed({"a": 1, "b": 2}),
    packed(["a"]),
    packed(["a", 1, 2]),
    packed(["a\x00", 1]),
    packed(["\ud800", 1]),
    packed(["a", True]),
    packed(["a", 1.0]),
    packed(["a", 2**63]),
    packed([["a"], 1]),
    base64.urlsafe_b64encode(b"[" * 2900).decode(),
    base64.urlsafe_b64encode(b'["a",' + b"9" * 2800 + b"]").decode(),
    base64.urlsafe_b64encode(b'["a",NaN]').decode(),
    base64.urlsafe_b64encode(b"\xff\xfe[\x00").decode(),
]


@pytest.mark.parametrize("carried", HOSTILE)
def test_what_is_not_ours_is_nothing(carried: str) -> None:
    assert unpack(carried, (str, int)) is None
    assert unpack_flash(SECRET, carried) == []
    assert unpack_flash(SECRET, sign("another secret", pack(("success", "Payez ici")))) == []


@pytest.mark.parametrize(
    "written", ["2027-03-30T18:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00", "x"]
)
def test_an_instant_that_the_database_does_not_hold_is_nothing(written: str) -> None:
    assert unpack(packed([written, 1]), (datetime, int)) is None


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: base64.urlsafe_b64encode(b).decode()))
def test_nothing_raises(carried: str) -> None:
    found = unpack(carried, (str, int))
    assert found is None or (isinstance(found[0], str) and isinstance(found[1], int))
    assert unpack_flash(SECRET, carried) == []


@pytest.mark.parametrize("carried", [value for value in HOSTILE if value.isascii()])
async def test_a_cookie_that_is_not_ours_locks_nobody_out(
    visitor: Browser, territory: Territory, sign_in: SignIn, carried: str
) -> None:
    """Deep JSON in it failed every page, and the page of the error too: such a browser stayed out."""
    inside = await sign_in("animation@bassin.example")
    for browser in (visitor, inside):
        for cookie in (FLASH_COOKIE, "pooling-visitor", "autre"):
            browser.client.cookies.set(cookie, carried, domain="127.0.0.1")
        for path, status in (
            ("/accessibilite", 200),
            ("/nulle-part", 404),
            ("/g/bassin?apres=" + carried[:5000], None),
        ):
            answer = await browser.get(path)
            assert answer.status_code == status or (status is None and answer.status_code in {200, 303, 400, 401})


async def test_a_sentence_waits_for_the_next_page_and_not_for_an_error(visitor: Browser) -> None:
    visitor.client.cookies.set(FLASH_COOKIE, pack_flash(SECRET, "success", "C’est fait."), domain="127.0.0.1")
    assert "C’est fait." not in text_of(await visitor.get("/nulle-part"))
    assert "C’est fait." in text_of(await visitor.get("/accessibilite"))
    assert "C’est fait." not in text_of(await visitor.get("/accessibilite"))


async def test_an_error_of_the_error_page_is_still_a_page(visitor: Browser) -> None:
    def broken(_: object) -> None:
        raise RecursionError

    stand_on(visitor.app, layout_of=broken)
    answer = await visitor.get("/nulle-part")
    assert (answer.status_code, answer.headers["x-frame-options"]) == (404, "DENY")
    assert "Page introuvable" in answer.text
