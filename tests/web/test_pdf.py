import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pooling.web import pdf, templating

AT = datetime(2027, 3, 30, 12, tzinfo=UTC)
DATA = {
    "title": "Essai #strong[x]",
    "group": "Bassin",
    "notice": None,
    "reference": "Essai",
    "pairs": [["Où", "Ici\nLà"]],
}


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A document of a feature called `essai`, beside the shared template."""
    shared = tmp_path / "web" / "templates"
    shared.mkdir(parents=True)
    (shared / "document.typ").write_text((templating.PACKAGE / "web" / "templates" / "document.typ").read_text())
    own = tmp_path / "essai" / "templates"
    own.mkdir(parents=True)
    (own / "page.typ").write_text(
        '#import "/web/templates/document.typ": data, document-of, facts\n#show: document-of\n#facts(data.pairs)\n'
    )
    monkeypatch.setattr(templating, "PACKAGE", tmp_path)
    return "essai/page.typ"


async def test_a_document_is_tagged_for_screen_readers_and_the_same_each_time(template: str) -> None:
    made = await pdf.make_pdf(template, DATA, at=AT)
    assert made.startswith(b"%PDF-")
    assert b"/Marked true" in made
    assert re.search(rb"/Lang ?\(fr-FR\)", made)
    assert b"pdfuaid" in made
    assert made == await pdf.make_pdf(template, DATA, at=AT.replace(microsecond=7).astimezone(ZoneInfo("Europe/Paris")))


@pytest.mark.parametrize(
    "typed", ["Vélos 🚲", "日本語", "ﷺ \u202e retourné", "a\x00b", "\u0378", "x" * 5000, "\u200b\u00ad"]
)
async def test_no_letter_holds_a_document_back(template: str, typed: str) -> None:
    """PDF/UA refuses what no font displays: a sign is left out, a square stands in a letter's place."""
    made = await pdf.make_pdf(template, {**DATA, "title": typed, "pairs": [[typed, typed]]}, at=AT)
    assert made.startswith(b"%PDF-")


async def test_what_is_kept_as_it_is_can_be_displayed(template: str) -> None:
    letters = "".join(
        chr(code) for first, last in pdf._DISPLAYED for code in range(first, last + 1) if pdf._has_glyph(chr(code))
    )
    assert pdf._displayed(letters + "日") == letters + "□"
    await pdf.make_pdf(template, {**DATA, "pairs": [["🚲", letters]]}, at=AT)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Vélos 🚲 cargo", "Vélos  cargo"),
        ("👩🏽‍🔧 Atelier ✅\ufe0f", " Atelier "),
        ("東 Arès", "□ Arès"),
        ("🚲", "□"),
        (" ", " "),
    ],
)
def test_an_emoji_is_left_out_and_a_letter_is_told_to_be_missing(typed: str, shown: str) -> None:
    assert pdf._displayed([{"title": typed}]) == [{"title": shown}]
