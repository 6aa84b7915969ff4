"""Forms are read in UTF-8, in one of the two encodings of browsers, within limits; whatever else is sent is refused."""

import time
from urllib.parse import parse_qsl

import pytest

from pooling.kernel.errors import DomainError
from pooling.kernel.files import Upload
from pooling.web.bodies import LARGEST_LONG_BODY, READ_AT_ONCE
from pooling.web.form_reading import (
    MOST_FIELDS,
    MULTIPART,
    URL_ENCODED,
    Field,
    TooManyFields,
    UnreadableForm,
    read_fields,
)

BOUNDARY = f"{MULTIPART}; boundary=x"


def part(content: bytes, *, head: bytes = b"", name: bytes = b"comment") -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="' + name + b'"\r\n' + head + b"\r\n" + content + b"\r\n"


def whole(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--x--\r\n"


async def test_both_encodings_say_the_same() -> None:
    fields: list[Field] = [("a", "é, 1"), ("a", ""), ("b", "x\r\ny")]
    assert await read_fields(URL_ENCODED, b"a=%C3%A9%2C+1&a=&b=x%0D%0Ay") == fields
    sent = whole(part("é, 1".encode(), name=b"a"), part(b"", name=b"a"), part(b"x\r\ny", name=b"b"))
    assert await read_fields(BOUNDARY, sent) == fields
    assert await read_fields(f"{URL_ENCODED}; charset=UTF-8", b"a=1") == [("a", "1")]
    assert await read_fields("", b"") == []


async def test_a_file_comes_as_its_bytes() -> None:
    head = b"Content-Type: text/csv; charset=windows-1252\r\n"
    sent = b'--x\r\nContent-Disposition: form-data; name="f"; filename="\xc3\xa9t\xc3\xa9.csv"\r\n' + head
    assert await read_fields(BOUNDARY, whole(sent + b"\r\n\xe9\x00\r\n")) == [("f", Upload("été.csv", b"\xe9\x00"))]


@pytest.mark.parametrize("charset", ["punycode", "idna", "utf-7", "utf-16", "utf-32", "cp1252", "rot13", "nothing"])
async def test_the_sender_does_not_choose_the_charset(charset: str) -> None:
    """Some are quadratic: 250 000 letters held the process for eleven seconds."""
    head = f"Content-Type: text/plain; charset={charset}\r\n".encode()
    began = time.process_time()
    with pytest.raises(UnreadableForm):
        await read_fields(BOUNDARY, whole(part(b"a" * 200_000, head=head)))
    with pytest.raises(UnreadableForm):
        await read_fields(f"{URL_ENCODED}; charset={charset}", b"a=1")
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (URL_ENCODED, b"a=\xe9"),
        (URL_ENCODED, b"a=%E9"),
        (URL_ENCODED, b"a=%ED%A0%80"),  # half of a surrogate pair
        (URL_ENCODED, b"a=%00"),
        (URL_ENCODED, b"a%00=1"),
        (URL_ENCODED, b"a%0Ab=1"),
        (URL_ENCODED, b"a" * 201 + b"=1"),
        (BOUNDARY, whole(part(b"\xff"))),
        (BOUNDARY, whole(part(b"\xed\xa0\x80"))),
        (BOUNDARY, whole(part(b"\x00"))),
        (BOUNDARY, whole(part(b"a", name=b"a%0Ab"))),
        (BOUNDARY, whole(part(b"YQ==", head=b"Content-Transfer-Encoding: base64\r\n"))),
        (BOUNDARY, part(b"cut short")),
        (BOUNDARY, b"--y\r\n"),
        (BOUNDARY, whole(b"--x\r\nContent-Type: text/plain\r\n\r\nnameless\r\n")),
        (MULTIPART, whole(part(b"a"))),
        (f"{MULTIPART}; boundary=" + "x" * 300, whole(part(b"a"))),
        ("application/json", b"{}"),
        ("text/plain", b"a=1"),
        ("", b"a=1"),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(media_type: str, body: bytes) -> None:
    with pytest.raises(UnreadableForm):
        await read_fields(media_type, body)


async def test_fields_are_counted_before_they_are_read() -> None:
    for kind, body in (
        (URL_ENCODED, b"&".join([b"a="] * (MOST_FIELDS + 1))),
        (BOUNDARY, whole(*[part(b"")] * (MOST_FIELDS + 1))),
    ):
        with pytest.raises(TooManyFields):
            await read_fields(kind, body)
    assert len(await read_fields(URL_ENCODED, b"&".join([b"a="] * MOST_FIELDS))) == MOST_FIELDS


@pytest.mark.parametrize("pattern", [b"%", b"%41", b"&", b"=", b"+", b";", b"a=%E9&", b"\r\n--", b"--x\r\n", b"--x--"])
async def test_a_hostile_body_is_read_in_a_time_that_grows_with_its_length(pattern: bytes) -> None:
    for kind in (URL_ENCODED, BOUNDARY):
        began = time.process_time()
        for size in (READ_AT_ONCE, 1_000_000):
            try:
                await read_fields(kind, (pattern * size)[:size])
            except DomainError:
                continue
        assert time.process_time() - began < 2


async def test_what_is_percent_encoded_is_decoded_in_pieces_as_it_is_whole() -> None:
    """Five megabytes of `%C2%A0` in one field kept everybody waiting for a quarter of a second."""
    for odd in (b"%C2%A0", b"a%2", b"%", b"%%41", b"%4", b"+", b"%2B+", b"\n", b"%0D%0A%zz"):
        long = odd * (50_000 // len(odd))
        assert await read_fields(URL_ENCODED, b"a=1&&list=" + long + b"&b") == parse_qsl(
            f"a=1&list={long.decode()}&b", keep_blank_values=True
        )


@pytest.mark.parametrize("kind", [URL_ENCODED, BOUNDARY])
async def test_only_files_are_longer_than_a_long_form(kind: str) -> None:
    """Where files are sent 26 MB may come: no text has as many letters."""
    text = b"a" * LARGEST_LONG_BODY
    head = b'--x\r\nContent-Disposition: form-data; name="a"%b\r\n\r\n' + text + b"\r\n"
    sent = b"a=" + text if kind == URL_ENCODED else head % b"" * 2 + b"--x--\r\n"
    with pytest.raises(TooManyFields):
        await read_fields(kind, sent)
    files = head % b'; filename="b"' * 2 + b"--x--\r\n"
    assert [type(value) for _, value in await read_fields(BOUNDARY, files)] == [Upload, Upload]
