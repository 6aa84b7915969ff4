"""What a file is, told by its bytes and never by its name; the name under which it is handed out. Pure."""

import io
import lzma
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree as ET

from pooling.kernel.text import clean, without_accents

LONGEST_NAME = 150
_LONGEST_IN_BYTES = 240
"""File systems take 255, and browsers add to a name that is taken."""


@dataclass(frozen=True)
class FileKind:
    media_type: str
    ending: str
    """Of the name under which it is downloaded."""


PDF = FileKind("application/pdf", ".pdf")
_SIGNATURES: Mapping[bytes, FileKind] = {
    b"%PDF-": PDF,
    b"\x89PNG\r\n\x1a\n": FileKind("image/png", ".png"),
    b"\xff\xd8\xff": FileKind("image/jpeg", ".jpg"),
}
_OFFICE_TYPE = "application/vnd.openxmlformats-officedocument."
_OFFICE: Mapping[str, FileKind] = {
    f"{_OFFICE_TYPE}{name}.main+xml": FileKind(f"{_OFFICE_TYPE}{name.removesuffix('.document')}{document}", ending)
    for name, document, ending in (
        ("wordprocessingml.document", ".document", ".docx"),
        ("spreadsheetml.sheet", "", ".xlsx"),
        ("presentationml.presentation", "", ".pptx"),
    )
}
"""By the content type of their main part (ECMA-376, part 2): a document with macros has another."""
_PROGRAMS = ("macroenabled", "vbaproject", "macrosheet", "activex", "oleobject")
_OPEN_DOCUMENT: Mapping[str, FileKind] = {
    f"application/vnd.oasis.opendocument.{word}": FileKind(f"application/vnd.oasis.opendocument.{word}", ending)
    for word, ending in (("text", ".odt"), ("spreadsheet", ".ods"), ("presentation", ".odp"))
}
_TEXT = FileKind("text/plain", ".txt")
ACCEPTED = "PDF, images PNG ou JPEG, documents Word, Excel, PowerPoint ou LibreOffice sans macros, texte"

_ZIP = b"PK\x03\x04"
_LARGEST_DIRECTORY = 1024 * 1024
_LARGEST_UNPACKED = 300 * 1024 * 1024
_LARGEST_TYPES = 512 * 1024
"""Bytes: of an archive's list of entries, of all of them unpacked, of the part that names their types. Real documents
stay far below; what does not is made to exhaust who opens it.
"""
_TYPES = "[Content_Types].xml"
_UNREADABLE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error, ET.ParseError,
    NotImplementedError, OSError, RuntimeError, EOFError, ValueError, LookupError, OverflowError,
)  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_NOT_IN_A_NAME = re.compile(r'[<>:"/\\|?*]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_OTHER_ENDINGS = {".jpg": (".jpeg", ".jpe"), ".txt": (".text",)}


def kind_of(content: bytes) -> FileKind | None:
    """What the bytes are, whatever the file is called; None when it is nothing that people exchange here.

    Documents that carry programs are refused: the application never hands one from one member to another.
    """
    for signature, kind in _SIGNATURES.items():
        if content.startswith(signature):
            return kind
    if content.startswith(_ZIP):
        return _kind_of_archive(content)
    try:
        return None if _CONTROL.search(content.decode()) else _TEXT
    except UnicodeDecodeError:
        return None


def _kind_of_archive(content: bytes) -> FileKind | None:
    if not _has_small_directory(content):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = {entry.filename.lower() for entry in entries}
            if len(names) < len(entries):
                return None  # which of two equal names a program opens is anybody's guess
            if sum(entry.file_size for entry in entries) > _LARGEST_UNPACKED:
                return None
            if "mimetype" in names:
                return _kind_of_open_document(archive, names)
            return _kind_of_office_document(archive, names)
    except _UNREADABLE:
        return None


def _has_small_directory(content: bytes) -> bool:
    """Whether the archive's list of entries can be read at no cost. ZIP64 is for files that are not taken anyway."""
    end = content.rfind(b"PK\x05\x06", max(0, len(content) - 22 - 65535))
    if end < 0 or len(content) < end + 22 or content[max(0, end - 20) :].startswith(b"PK\x06\x07"):
        return False
    (size,) = struct.unpack_from("<I", content, end + 12)
    return bool(size <= _LARGEST_DIRECTORY)


def _kind_of_open_document(archive: zipfile.ZipFile, names: set[str]) -> FileKind | None:
    if any(name.startswith(("basic/", "scripts/")) for name in names):
        return None
    with archive.open("mimetype") as entry:
        return _OPEN_DOCUMENT.get(entry.read(100).decode("ascii").strip())


def _kind_of_office_document(archive: zipfile.ZipFile, names: set[str]) -> FileKind | None:
    if _TYPES.lower() not in names or any(name.endswith("vbaproject.bin") for name in names):
        return None
    with archive.open(_TYPES) as entry:
        written = entry.read(_LARGEST_TYPES + 1)
    if len(written) > _LARGEST_TYPES or b"<!" in written or b"\x00" in written:
        return None  # no document type, no other alphabet: nothing that another reader would understand otherwise
    types = {element.get("ContentType", "").lower() for element in ET.fromstring(written)}  # noqa: S314
    if any(program in kind for kind in types for program in _PROGRAMS):
        return None
    found = [kind for main, kind in _OFFICE.items() if main in types]
    return found[0] if len(found) == 1 else None


def download_name(name: str, kind: FileKind) -> str:
    """The name that was given, fit for every system, with the ending of what the file is."""
    last = clean(name).replace("\\", "/").rsplit("/", 1)[-1]
    # Invisible characters too: one of them writes `annexe.exe` as if it were `annexxe.pdf`.
    visible = "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in last)
    stem = " ".join(_NOT_IN_A_NAME.sub(" ", visible).split()).rstrip(" .")
    ending = next((e for e in _endings(kind) if stem.lower().endswith(e)), "")
    stem = stem[: len(stem) - len(ending)].strip(" .")
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    stem = stem[: LONGEST_NAME - len(kind.ending)].encode()[:_LONGEST_IN_BYTES].decode(errors="ignore")
    return (stem.strip(" .") or "fichier") + kind.ending


def _endings(kind: FileKind) -> Sequence[str]:
    return (kind.ending, *_OTHER_ENDINGS.get(kind.ending, ()))


def attachment_header(name: str) -> str:
    """`Content-Disposition` of a download: never shown in the page, under its full name (RFC 6266, RFC 5987)."""
    plain = "".join(letter if 0x20 <= ord(letter) < 0x7F else "_" for letter in without_accents(name))  # noqa: PLR2004
    plain = plain.replace("\\", "_").replace('"', "_").replace("%", "_")
    in_full = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{in_full}'
