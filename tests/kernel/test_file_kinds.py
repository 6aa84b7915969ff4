"""What a file is, whatever it is called and whoever made it; the name under which it is handed out."""

import io
import os
import re
import struct
import time
import zipfile
from collections.abc import Mapping
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.kernel.file_kinds import FileKind, attachment_header, download_name, kind_of

PDF = FileKind("application/pdf", ".pdf")
TEXT = FileKind("text/plain", ".txt")
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
OPEN_TEXT = "application/vnd.oasis.opendocument.text"


def archive(entries: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as zipped:
        for name, content in entries.items():
            zipped.writestr(name, content)
    return made.getvalue()


def types(*kinds: str, head: str = "<?xml version='1.0'?>") -> bytes:
    overrides = "".join(f'<Override PartName="/part{n}" ContentType="{kind}"/>' for n, kind in enumerate(kinds))
    return f"{head}<Types>{overrides}</Types>".encode()


def office(main: str, *others: str, **entries: bytes) -> bytes:
    return archive({"[Content_Types].xml": types(main, *others), "word/document.xml": b"<x/>", **entries})


def open_document(mimetype: str, **entries: bytes) -> bytes:
    return archive({"mimetype": mimetype.encode(), "content.xml": b"<x/>", **entries})


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", ".pdf"),
        (b"\x89PNG\r\n\x1a\n....", ".png"),
        (b"\xff\xd8\xff\xe0....", ".jpg"),
        (office(WORD), ".docx"),
        (office(SHEET), ".xlsx"),
        (office(SLIDES), ".pptx"),
        (open_document(OPEN_TEXT), ".odt"),
        (open_document("application/vnd.oasis.opendocument.spreadsheet"), ".ods"),
        (open_document("application/vnd.oasis.opendocument.presentation"), ".odp"),
        ("Été à Arès\n\tpoint 1".encode(), ".txt"),
        (b"<html><script>alert(1)</script>", ".txt"),  # read as text, and never shown in a page
        (b"%PDF-1.4" + archive({"a": b"b"}), ".pdf"),  # a polyglot leaves as what its first bytes say
    ],
)
def test_what_people_exchange_is_told_by_its_content(content: bytes, ending: str) -> None:
    kind = kind_of(content)
    assert kind is not None
    assert kind.ending == ending


REFUSED: dict[str, bytes] = {
    "a program": b"MZ\x90\x00\x03",
    "an ELF": b"\x7fELF\x02\x01\x01\x00",
    "an old Word document, which may hold macros": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "a plain archive": archive({"virus.exe": b"MZ"}),
    "an archive cut short": office(WORD)[:-30],
    "an archive that is only a beginning": b"PK\x03\x04" + os.urandom(200),
    "text in another encoding": "Été".encode("utf-16"),
    "text with control characters": b"abc\x00def",
    "a Word document with macros": office(
        WORD.replace(".document.main", ".document.macroEnabled.main").replace(
            "openxmlformats-officedocument", "ms-word"
        )
    ),
    "a workbook with macros under its true type": office("application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
    "a workbook with macros that lies about its main part": office(SHEET, "application/vnd.ms-office.vbaProject"),
    "a macro under another case": office(SHEET, "application/vnd.ms-office.VBAPROJECT"),
    "a macro written with a character reference": office(SHEET, "application/vnd.ms-office.vba&#80;roject"),
    "a macro that no type names": office(SHEET, **{"xl/vbaProject.bin": b"x"}),
    "a macro sheet": office(SHEET, "application/vnd.ms-excel.macrosheet+xml"),
    "a control that runs": office(WORD, "application/vnd.ms-office.activeX+xml"),
    "an OpenDocument with macros": open_document(OPEN_TEXT, **{"Basic/Standard/Module1.xml": b"x"}),
    "an OpenDocument with scripts": open_document(OPEN_TEXT, **{"Scripts/python/a.py": b"x"}),
    "an OpenDocument of another kind": open_document("application/vnd.oasis.opendocument.formula"),
    "two main parts": office(WORD, SHEET),
    "a document type that could hide anything": archive(
        {"[Content_Types].xml": types(WORD, head="<!DOCTYPE Types [<!ENTITY a 'b'>]>"), "word/document.xml": b""}
    ),
    "types in another alphabet": archive({"[Content_Types].xml": types(WORD).decode().encode("utf-16")}),
    "types that are not XML": archive({"[Content_Types].xml": b"<Types", "word/document.xml": b""}),
    "types that never end": archive({"[Content_Types].xml": types(WORD) + b" " * 600_000}),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_nothing_else_is_taken(content: bytes) -> None:
    assert kind_of(content) is None


def test_a_bomb_that_says_so_is_refused() -> None:
    assert kind_of(archive({"[Content_Types].xml": types(WORD), "word/media": bytes(310 * 1024 * 1024)})) is None


def test_two_entries_of_one_name_are_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        zipped.writestr("[Content_Types].xml", types(WORD))
        zipped.writestr("[content_types].xml", types("application/vnd.ms-office.vbaProject"))
        zipped.writestr("word/document.xml", b"")
    assert kind_of(made.getvalue()) is None


def test_a_bomb_that_lies_about_its_size_costs_nothing() -> None:
    """The list of entries says ten bytes; only what is needed is unpacked."""
    content = bytearray(archive({"[Content_Types].xml": types(WORD), "word/bomb": bytes(200 * 1024 * 1024)}))
    for signature, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = content.rfind(signature)
        struct.pack_into("<I", content, at + place, 10)
    started = time.process_time()
    kind_of(bytes(content))
    assert time.process_time() - started < 1


def test_an_endless_list_of_entries_is_not_read() -> None:
    entry = b"PK\x01\x02" + bytes(42)
    directory = entry * 200_000
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(directory), 4, 0)
    started = time.process_time()
    assert kind_of(b"PK\x03\x04" + directory + end) is None
    assert time.process_time() - started < 1


@given(st.binary(max_size=300))
def test_any_bytes_are_told_without_failing(content: bytes) -> None:
    kind_of(content)
    kind_of(b"PK\x03\x04" + content)


@given(st.data())
def test_any_damage_to_a_document_is_told_without_failing(data: st.DataObject) -> None:
    whole = bytearray(office(WORD))
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    kind_of(bytes(whole))


@pytest.mark.parametrize(
    ("given_name", "kind", "name"),
    [
        ("Compte rendu.pdf", PDF, "Compte rendu.pdf"),
        ("Compte rendu.PDF", PDF, "Compte rendu.pdf"),
        ("facture.pdf.exe", PDF, "facture.pdf.exe.pdf"),
        ("page.html", TEXT, "page.html.txt"),
        ("C:\\Mes documents\\devis.pdf", PDF, "devis.pdf"),
        ("../../etc/passwd", TEXT, "passwd.txt"),
        ("..", PDF, "fichier.pdf"),
        ("", PDF, "fichier.pdf"),
        (".pdf", PDF, "fichier.pdf"),
        ("a\r\nSet-Cookie: x.pdf", PDF, "a Set-Cookie x.pdf"),
        ('dit "oui".pdf', PDF, "dit oui.pdf"),
        ("annexe\u202efdp.exe", TEXT, "annexefdp.exe.txt"),
        ("a\u200bb\ufeff.pdf", PDF, "ab.pdf"),
        ("con.pdf", PDF, "_con.pdf"),
        ("photo.JPEG", FileKind("image/jpeg", ".jpg"), "photo.jpg"),
    ],
)
def test_a_name_is_fit_for_every_system(given_name: str, kind: FileKind, name: str) -> None:
    assert download_name(given_name, kind) == name


@given(st.text(max_size=400))
def test_any_name_becomes_one_that_can_be_kept(typed: str) -> None:
    name = download_name(typed, PDF)
    assert name.endswith(".pdf")
    assert len(name) > len(".pdf")
    assert len(name.encode()) < 255
    assert not set(name) & set('/\\<>:"|?*\r\n\x00\u202e')
    assert name.isprintable()
    assert download_name(name, PDF) == name


@given(st.text(max_size=100))
def test_the_header_says_the_full_name_and_nothing_else(typed: str) -> None:
    name = download_name(typed, PDF)
    header = attachment_header(name)
    assert header.isascii()
    assert header.isprintable()
    form = re.fullmatch(r"attachment; filename=\"([^\"\\%]*)\"(?:; filename\*=UTF-8''([A-Za-z0-9._~%-]+))?", header)
    assert form is not None
    assert (form[1] if form[2] is None else unquote(form[2])) == name


def test_the_header_names_a_file_twice_where_once_would_not_do() -> None:
    assert attachment_header("Etat 1.pdf") == 'attachment; filename="Etat 1.pdf"'
    assert attachment_header("Été 100 %.pdf") == (
        "attachment; filename=\"Ete 100 _.pdf\"; filename*=UTF-8''%C3%89t%C3%A9%20100%20%25.pdf"
    )
