"""Whatever is typed makes a document that screen readers can read, or is refused with the line that does not."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.profile import fuzzed
from pooling.web.markdown import LONGEST_LINK, blocks_of, faults_of
from pooling.web.pdf import Unprintable, make_pdf

AT = datetime(2027, 3, 30, 12, tzinfo=UTC)
MINUTES: dict[str, Any] = {
    "title": "Compte-rendu",
    "group": "Bassin",
    "notice": None,
    "reference": "Comité",
    "facts": [],
    "attendance": [],
    "agenda": [],
    "decisions": [],
    "difficulties": [],
}
PIECES = (
    *("#", "##", "# ", "## a", "#\t", "# ![](https://x.fr)", "# [](https://x.fr)", "# ` `", "# &nbsp;", "a\n==="),
    *("\n-\n=\n", "- ", "1. ", "999999999. ", "> ", "    ", "```", "~~~", "---", "|", "|-|", "a|b\n-|-\n", "**", "_"),
    *("~~", "`", "\n", "\n\n", "[", "](", ")", "[a](https://x.fr)", "[](https://x.fr)", "<https://x.fr>", "\\"),
    *("[a](mailto:a@x.fr)", "[a](https://x.fr/", "![", "&#8203;", "\u00ad", "\u200b", "🚲", "ﷺ", "\u202e", "\ue000"),
    *("é", " ", "mot ", "x" * 3000, "é" * 3000, "\u0300"),
)
markdown = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=12).map("".join)


async def pdf_of(text: str) -> bytes:
    return await make_pdf("committees/minutes.typ", {**MINUTES, "blocks": blocks_of(text)}, at=AT)


@fuzzed
@given(markdown)
async def test_minutes_are_refused_or_make_a_document(text: str) -> None:
    if not faults_of(text):
        made = await pdf_of(text)
        assert made.startswith(b"%PDF-")
        assert b"pdfuaid" in made


texts = st.text(max_size=40) | st.sampled_from(PIECES)


@fuzzed
@given(st.fixed_dictionaries(dict.fromkeys(("committee", "when", "place", "group", "reference"), texts)), texts)
async def test_whatever_is_typed_stands_on_an_attendance_sheet(said: Mapping[str, str], name: str) -> None:
    people = [{"name": name, "function": name, "note": name}]
    data = {"title": "Feuille d’émargement", "notice": None, "part": 1, "first": 1, "people": people, **said}
    assert (await make_pdf("committees/attendance.typ", data, at=AT)).startswith(b"%PDF-")


@fuzzed
@given(
    st.fixed_dictionaries(dict.fromkeys(("committee", "kind", "when", "group", "reference", "dated"), texts)),
    st.text(max_size=500).filter(bool),
    texts,
)
async def test_whatever_is_typed_stands_in_a_convocation(said: Mapping[str, str], link: str, text: str) -> None:
    data = {
        "title": "Convocation",
        "notice": None,
        "facts": [["Lieu", text]],
        "link": link,
        "convener": [text],
        "total": "",
        "answer_url": "https://achats.example/comites/1/reponse",
        "contact": "a@mairie.example",
        "agenda": [{"number": "1", "time": "", "title": text, "about": [text], "minutes": "", "pieces": text}],
        **said,
    }
    assert (await make_pdf("committees/convocation.typ", data, at=AT)).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#", ["Ligne 1 : ce titre"]),
        ("Un\n\n## ![](https://x.fr)\n\n- deux\n\n  ###\n", ["Ligne 3 : ce titre", "Ligne 7 : ce titre"]),
        ("un\ndeux [a](https://x.fr/" + "a" * LONGEST_LINK + ")", ["Ligne 2 : cette adresse"]),
        ("| a |\n|---|\n| b |\n| [a](https://x.fr/" + "é" * 1000 + ") |", ["Ligne 4 : cette adresse"]),
        ("# Un\n\n**deux** [trois](https://x.fr)\n\n# `x`", []),
        ("#\n" * 40, ["Ligne 1 :", "Ligne 2 :", "Ligne 3 :", "Ligne 4 :", "Ligne 5 :"]),
    ],
)
def test_what_no_document_can_hold_is_told_with_its_line(text: str, said: list[str]) -> None:
    faults = faults_of(text)
    assert len(faults) == len(said)
    assert all(fault.startswith(start) for fault, start in zip(faults, said, strict=True)), faults


@pytest.mark.parametrize("block", [{"kind": "heading", "level": 1, "content": []}, {"kind": "what"}])
async def test_what_cannot_be_set_all_the_same_is_told(block: dict[str, Any]) -> None:
    with pytest.raises(Unprintable) as refused:
        await make_pdf("committees/minutes.typ", {**MINUTES, "blocks": [block]}, at=AT)
    assert "« Compte-rendu » n’a pas pu être mis en page" in refused.value.message
    assert refused.value.status == 422
