"""From the body of a posted form to its fields: the two encodings of browsers, UTF-8, and nothing else.

Nothing here lets the sender choose: the one charset is ours, no body is kept once it is read (the framework keeps the
last 1 024, sign-in codes and tokens among them), and a long one is read beside the event loop, one at a time.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser, parse_options_header

from pooling.kernel.errors import DomainError
from pooling.kernel.files import Upload
from pooling.kernel.limits import Readers, limit
from pooling.kernel.text import without_invisible
from pooling.web.bodies import LARGEST_LONG_BODY, read_beside

MOST_FIELDS = limit(10_000, "Fields of a form", __name__, Readers.OPERATORS)
LONGEST_FIELD_NAME = limit(200, "Name of a form’s field", __name__, unit="characters")
LONGEST_MEDIA_TYPE = 300
"""Letters of a header that names a type and its parameters."""
URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_OUR_CHARSETS = {"utf-8", "utf8", "us-ascii"}
_PLAIN = {"7bit", "8bit", "binary"}
_PARSED_IN_ONE_GO = 64 * 1024
_PIECE = re.compile(r"(?:%[0-9A-Fa-f]{2}|.){1,20000}", re.DOTALL)
"""Of what is percent-encoded, each decoded in one go, in which nobody else is served."""


Field = tuple[str, str | Upload]


class UnreadableForm(DomainError):
    code = "unreadable_form"

    def __init__(self) -> None:
        super().__init__("Ce formulaire n’est pas lisible. Revenez à la page précédente, puis rechargez-la.")


class TooManyFields(DomainError):
    status = 413
    code = "too_large"

    def __init__(self) -> None:
        super().__init__("Ce formulaire a trop de champs, ou un champ trop long.")


async def read_fields(media_type: str, body: bytes) -> list[Field]:
    """The fields of a form as it was sent, in their order, without what nobody sees. An empty body is an empty form.

    Raises:
        UnreadableForm: it is in another encoding or charset, its bytes are no UTF-8, or a text holds a zero byte.
        TooManyFields: reading it would keep everybody else waiting.
    """
    if not body:
        return []
    return await read_beside(len(body), _fields, media_type, body)


def _fields(media_type: str, body: bytes) -> list[Field]:
    return [
        (name, value if isinstance(value, Upload) else without_invisible(value))
        for name, value in _sent(media_type, body)
    ]


def _sent(media_type: str, body: bytes) -> list[Field]:
    try:
        kind, options = _parsed(media_type)
        if kind == URL_ENCODED:
            fields = list(_url_encoded(body))
        elif kind == MULTIPART:
            fields = list(_multipart(options.get("boundary", ""), body))
        else:
            raise UnreadableForm
    except ParserLimitReached as error:
        raise TooManyFields from error
    except (UnicodeError, MultipartError) as error:
        raise UnreadableForm from error
    for name, value in fields:
        if len(name) > LONGEST_FIELD_NAME or not name.isprintable() or (isinstance(value, str) and "\x00" in value):
            raise UnreadableForm
    return fields


def _parsed(header: str) -> tuple[str, dict[str, str]]:
    """The type and its parameters; a charset that is not ours is refused before a letter is decoded."""
    if len(header) > LONGEST_MEDIA_TYPE:
        raise UnreadableForm
    kind, options = parse_options_header(header)
    if options.get("charset", "utf-8").lower() not in _OUR_CHARSETS:
        raise UnreadableForm
    return kind, options


def _url_encoded(body: bytes) -> Iterator[Field]:
    if body.count(b"&") >= MOST_FIELDS or len(body) > LARGEST_LONG_BODY:
        raise TooManyFields
    for pair in body.decode("ascii").split("&"):
        name, _, value = pair.partition("=")
        if pair:
            yield _decoded(name), _decoded(value)


def _decoded(encoded: str) -> str:
    plain = encoded.replace("+", " ")
    if "%" not in plain:
        return plain
    pieces = _PIECE.finditer(plain)
    return b"".join(unquote_to_bytes(piece[0]) for piece in pieces).decode("utf-8")


def _multipart(boundary: str, body: bytes) -> Iterator[Field]:
    segment: MultipartSegment | None = None
    content, letters = bytearray(), 0
    with PushMultipartParser(
        boundary, max_header_size=1000, max_header_count=4, max_segment_count=MOST_FIELDS, strict=True
    ) as parser:
        for event in _events(parser, body):
            if isinstance(event, MultipartSegment):
                segment, content = event, bytearray()
                _require_plain(segment)
            elif event is not None:
                content.extend(event)
                letters += len(event) if segment is not None and segment.filename is None else 0
                if letters > LARGEST_LONG_BODY:
                    raise TooManyFields
            elif segment is not None:
                yield _field(segment, bytes(content))


def _events(parser: PushMultipartParser, body: bytes) -> Iterator[MultipartSegment | bytearray | None]:
    for start in range(0, len(body), _PARSED_IN_ONE_GO):
        yield from parser.parse(body[start : start + _PARSED_IN_ONE_GO])


def _require_plain(segment: MultipartSegment) -> None:
    if segment.header("Content-Transfer-Encoding", "binary").strip().lower() not in _PLAIN:
        raise UnreadableForm
    if segment.filename is None:
        _parsed(segment.header("Content-Type", "text/plain"))


def _field(segment: MultipartSegment, content: bytes) -> Field:
    if segment.filename is not None:
        return segment.name, Upload(segment.filename.replace("\x00", ""), content)
    return segment.name, content.decode("utf-8")
