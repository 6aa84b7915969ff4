"""Documents to print and keep: PDF that screen readers can read (PDF/UA-1), set by typst.

A template (`committees/convocation.typ`) gets its data as JSON and decides only how it looks; nothing that anybody
typed is read as markup.
"""

import asyncio
import json
import logging
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pooling.kernel.errors import Invalid
from pooling.web import templating

log = logging.getLogger(__name__)


class Unprintable(Invalid):
    """The document cannot be set: something in it, which only the log can name, is nothing that a PDF holds."""

    code = "unprintable"

    def __init__(self, title: str) -> None:
        said = (
            f"« {title} » n’a pas pu être mis en page : un titre, un lien ou un caractère y fait obstacle. "
            "Simplifiez le texte, puis réessayez."
        )
        super().__init__({"": said})
        self.message = said


async def make_pdf(template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """The PDF of a feature's template: `committees/convocation.typ` is in the folder of that feature's templates.

    `at` is the document's date: the same data at the same moment give the same bytes. Fonts are those that typst
    brings along, whatever the machine has.

    Raises:
        Unprintable: the document cannot be set.
    """
    return await asyncio.to_thread(set_pdf, template, data, at)


def set_pdf(template: str, data: Mapping[str, Any], at: datetime) -> bytes:
    """The same, for whoever is in a thread already."""
    return Setter(template).set(data, at)


class Setter:
    """Sets many documents by one template: fonts are read and the template is understood once, which takes typst half
    of the time of a document of one page. For one thread.
    """

    def __init__(self, template: str) -> None:
        feature, _, name = template.partition("/")
        self._template, self._path = template, f"{feature}/templates/{name}"
        self._compiler: Any = None

    def set(self, data: Mapping[str, Any], at: datetime) -> bytes:
        """Raises:
        Unprintable: the document cannot be set.
        """
        try:
            return self._set(data, at)
        except RuntimeError as error:  # what typst raises, also where a template is missing
            log.exception("%s could not be set", self._template)
            raise Unprintable(str(data["title"])) from error

    def _set(self, data: Mapping[str, Any], at: datetime) -> bytes:
        """A letter that no font has (an emoji, another script) would be read to nobody, so PDF/UA refuses the document:
        it is set again with a square in its place. Signs (emoji), which only adorn, are left out.
        """
        import typst  # noqa: PLC0415 - 7 MB, once somebody wants a document

        if self._compiler is None:
            self._compiler = typst.Compiler(
                templating.PACKAGE / self._path, root=templating.PACKAGE, ignore_system_fonts=True
            )
        try:
            return self._compile(json.dumps(data), at)
        except typst.TypstError as error:
            if _UNDISPLAYED not in str(error):
                raise
            return self._compile(json.dumps(_displayed(data)), at)

    def _compile(self, data: str, at: datetime) -> bytes:
        pdf: bytes = self._compiler.compile(
            format="pdf",
            sys_inputs={"data": data},
            pdf_standards="ua-1",
            timestamp=at.astimezone(UTC).replace(microsecond=0),  # all that typst takes
        )
        return pdf


_UNDISPLAYED = "could not be displayed"
_DISPLAYED = ((0x20, 0x24F), (0x370, 0x4FF), (0x1E00, 0x2040), (0x20A0, 0x20BF), (0x2190, 0x22FF))
"""Latin, Greek, Cyrillic, punctuation, currencies, arrows and signs: what the fonts certainly have."""


def _displayed(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, str):
        shown = "".join(letter if _has_glyph(letter) else _instead_of(letter) for letter in value)
        lost = not shown.strip() and any(not _has_glyph(letter) for letter in value)
        return "□" if lost else shown  # a heading has to say something, an address to lead somewhere
    if isinstance(value, Mapping):
        return {name: _displayed(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_displayed(part) for part in value]
    return value


def _instead_of(letter: str) -> str:
    return "□" if unicodedata.category(letter)[0] in "LN" else ""


def _has_glyph(letter: str) -> bool:
    known = unicodedata.category(letter)[0] != "C" and any(first <= ord(letter) <= last for first, last in _DISPLAYED)
    return known or letter in "\n\t"
