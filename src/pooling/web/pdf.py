"""Documents to print and keep: PDF that screen readers can read (PDF/UA-1), set by typst.

A template (`committees/convocation.typ`) gets its data as JSON and decides only how it looks; nothing that anybody
typed is read as markup.
"""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import typst

from pooling.web import templating


async def make_pdf(template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """The PDF of a feature's template: `committees/convocation.typ` is in the folder of that feature's templates.

    `at` is the document's date: the same data at the same moment give the same bytes. Fonts are those that typst
    brings along, whatever the machine has.
    """
    feature, _, name = template.partition("/")
    return await asyncio.to_thread(_compile, f"{feature}/templates/{name}", json.dumps(data), at)


def _compile(path: str, data: str, at: datetime) -> bytes:
    pdf: bytes = typst.compile(
        templating.PACKAGE / path,
        root=templating.PACKAGE,
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": data},
        pdf_standards="ua-1",
        timestamp=at.astimezone(UTC).replace(microsecond=0),  # all that typst takes
    )
    return pdf
