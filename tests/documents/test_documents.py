"""Documents from texts: the same in every format, for whoever reads them and with whatever; a value is never markup."""

import io
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import page
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pypdf import PdfReader

from documents.reading_back import parts_of, read_docx, read_odt, read_pdf
from pooling.documents.document import FORMATS, Document, document_of, written
from pooling.documents.texts import DocumentText, read_text, set_value
from pooling.kernel.configuration import ConfigurationError
from pooling.web.markdown import blocks_of

AT = datetime(2027, 3, 30, 12, tzinfo=UTC)
READ = {"odt": read_odt, "docx": read_docx, "pdf": read_pdf}
TEXT = """# Convention de {{ name }}

Entre **{{ name }}** et *{{ other }}* : ce qui ~~suit~~ est [écrit **ici**](https://example.fr/a?b=c),
puis `là`.

## Article 1 – Objet

1. un
2. deux
   - premier
   - second

   encore deux

Et ensuite :

5. cinq
6. six

### Montants

| Membre | Montant |
|---|---:|
{% for member in members %}
| {{ member.name }} | {{ member.amount | euros }} |
{% endfor %}

> À confirmer : l'article du code ; il change.

---

## Signatures

```signatures
{% for member in members %}
Pour {{ member.name }}
{% endfor %}
```
"""
NASTY = "# A | b\\ **c** `d` <b>&amp; [x](http://y) ~~e~~\n\n---\n1. f"
VALUES = {
    "name": "Lugos",
    "other": NASTY,
    "members": [{"name": NASTY, "amount": 123_456}, {"name": "Le Teich", "amount": -5}],
}


def text_of(folder: Path, source: str, samples: Sequence[Mapping[str, Any]] = (VALUES,)) -> DocumentText:
    (folder / "documents").mkdir(exist_ok=True)
    (folder / "documents" / "essai.md.j2").write_text(source, "utf-8")
    return read_text(folder, "essai", samples)


@pytest.fixture
def document(tmp_path: Path) -> Document:
    said = {"author": "Bassin d’Arcachon", "reference": "AG-2027-001 : convention", "notice": "Données fictives"}
    return document_of(text_of(tmp_path, TEXT), VALUES, at=AT, **said)


async def test_every_format_says_the_same_with_the_same_roles(document: Document) -> None:
    expected = parts_of(document)
    assert {"h1", "h2", "h3", "p", "li", "th", "td"} <= {role for role, _ in expected}
    assert ("td", "1234,56€") in expected
    for kind, read in READ.items():
        assert read(await written(document, kind)) == expected, kind


async def test_files_say_their_language_title_and_author(document: Document) -> None:
    odt, docx = [zipfile.ZipFile(io.BytesIO(await written(document, kind))) for kind in ("odt", "docx")]
    pdf = PdfReader(io.BytesIO(await written(document, "pdf")))
    about = odt.read("meta.xml").decode()
    assert "<dc:title>Convention de Lugos</dc:title>" in about
    assert "<dc:creator>Bassin d’Arcachon</dc:creator>" in about
    assert "<dc:language>fr-FR</dc:language>" in about
    assert b'fo:language="fr"' in odt.read("styles.xml")
    about = docx.read("docProps/core.xml").decode()
    assert "<dc:title>Convention de Lugos</dc:title>" in about
    assert "<dc:creator>Bassin d’Arcachon</dc:creator>" in about
    assert b'<w:lang w:val="fr-FR"' in docx.read("word/styles.xml")
    assert pdf.metadata is not None
    assert (pdf.metadata.title, pdf.metadata.author) == ("Convention de Lugos", "Bassin d’Arcachon")
    assert len(pdf.pages) == 2  # the rule of the text begins a page
    assert docx.read("word/document.xml").count(b'<w:br w:type="page"/>') == 1
    assert "AG-2027-001\u00a0: convention" in odt.read("styles.xml").decode()
    assert "AG-2027-001\u00a0: convention" in docx.read("word/footer1.xml").decode()


@pytest.mark.parametrize("kind", ["odt", "docx"])
async def test_the_same_document_is_the_same_file_whenever_it_is_written(document: Document, kind: str) -> None:
    moments = {part.date_time for part in zipfile.ZipFile(io.BytesIO(await written(document, kind))).infolist()}
    assert moments == {document.at.timetuple()[:6]}


async def test_its_pdf_passes_every_rule_of_pdf_ua(document: Document) -> None:
    report = page.validate_pdf_bytes(await written(document, "pdf"), profile="pdfua1")
    assert report.is_compliant, report


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed: no document was opened")
def test_libreoffice_opens_what_is_written_and_finds_all_of_it(document: Document, tmp_path: Path) -> None:
    for kind in ("odt", "docx"):
        (tmp_path / f"as-{kind}.{kind}").write_bytes(FORMATS[kind].write(document))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "fodt", "--outdir", str(tmp_path)]
    files = [str(tmp_path / f"as-{kind}.{kind}") for kind in ("odt", "docx")]
    subprocess.run([*command, *files], check=True, capture_output=True, timeout=110)
    for kind in ("odt", "docx"):
        opened = (tmp_path / f"as-{kind}.fodt").read_bytes()
        found = [part for part in read_flat(opened) if part[1]]
        assert found == [part for part in parts_of(document) if part[1]], kind


def read_flat(content: bytes) -> list[tuple[str, str]]:
    """Of one XML file, as of the content of a zipped one."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as book:
        book.writestr("content.xml", content)
    return read_odt(target.getvalue())


PLACES = """# Titre {{ value }} fin

{{ value }}

Le **{{ value }}** et *{{ value }}* .

- {{ value }}
- fin

| a | b |
|---|---|
| {{ value }} | {{ value }} |

> {{ value }}
"""


@given(st.text(st.characters(codec="utf-8"), max_size=40))
@example(NASTY)
@example("\\")
@example("1. a")
@example("    code")
@example("```")
@example("a\n\n# b\n- c\n---\n===")
@example("{{ 7 * 7 }} {% raw %}")
@example("&lt;script&gt; <!-- --> <https://x.fr>")
def test_no_value_is_markup(value: str) -> None:
    assume(set_value(value))
    rendered, plain = (blocks_of(PLACES.replace("{{ value }}", set_value(one))) for one in (value, "x"))
    assert [_shape(block) for block in rendered] == [_shape(block) for block in plain]


def _shape(node: object) -> object:
    if isinstance(node, dict):
        return {name: _shape(part) for name, part in node.items() if name != "text"}
    return [_shape(part) for part in node] if isinstance(node, list) else node


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Bonjour", "a document begins with its title"),
        ("# {{ name }", "line 1: unexpected '}'"),
        ("# A\n\n{{ nme }}", "line 3: it names nme, and there are members, name, other"),
        ("# A\n\n{{ members[0].nme }}", "line 3: 'dict object' has no attribute 'nme'"),
        ("# A\n{% for one in members %}\n{{ one.amount / 0 }}\n{% endfor %}", "line 3: division by zero"),
        ("# A\n\n{{ nobody }}", "line 3: a value that nobody has said is set"),
        ("# A\n\n##\n", "filled in: Ligne 3 : ce titre n’a pas de mot"),
        ("# A\n\n{{ name.__class__.__mro__ }}", "line 3: access to attribute '__class__' of 'str' object is unsafe"),
        ("# A\n{% if members.append(1) %}{% endif %}", "line 2: "),
        ("# A\n\n{% include '/etc/passwd' %}", "line 3: no loader"),
    ],
)
def test_a_text_that_is_not_right_is_told_with_its_line(tmp_path: Path, source: str, said: str) -> None:
    samples = [{**VALUES, **({"nobody": None} if "nobody" in source else {})}]
    with pytest.raises(ConfigurationError) as refused:
        text_of(tmp_path, source, samples)
    assert str(tmp_path / "documents" / "essai.md.j2") in str(refused.value)
    assert said in str(refused.value)
