"""The page of a file that is written apart, whatever feature it is of: how far it is, then the download."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response
from litestar.background_tasks import BackgroundTask

from pooling.exports.asking import KEPT
from pooling.exports.models import UNDER_WAY, Export, ExportState
from pooling.kernel.files import File
from pooling.web.downloads import REVALIDATED, download
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import date_long, date_time_long, number, plural

TRANSLITERATED = "X-Transliterated"
"""The header that says how many values the encoding of a file could not hold as they are."""

NOT_BEGUN = "Le travail commence dans la minute."
"""What a page says of work that no worker has taken yet."""


@dataclass(frozen=True)
class Offer:
    """What `exports/offer.html` asks with: where, and for what."""

    url: str
    asks: Mapping[str, object] = field(default_factory=dict)
    """Hidden fields."""
    listed_url: str = ""
    """Where those that are kept are found; empty: nowhere."""
    formats: Mapping[str, str] = field(default_factory=dict)
    """Kinds of file to choose from, each with what it is asked by; none named: there is one."""
    why: str = (
        "Le classeur XLSX a beaucoup de lignes\u00a0: il se prépare en quelques minutes, pendant que vous faites autre "
        "chose."
    )

    @property
    def days(self) -> int:
        return KEPT.days


@dataclass(frozen=True)
class Around:
    """What stands around a file on its page."""

    title: str
    of: str
    """What it is about: a purchase."""
    figures: str
    breadcrumb: Sequence[Link]
    back: Link
    file_url: str
    offer: Offer
    zone: ZoneInfo
    changes: bool
    """Whether another one would hold other figures."""
    noun: str = "classeur"
    suffix: str = "XLSX"


def export_asked(request: Request[Any, Any, Any], url: str) -> Response[Any]:
    """On to its page; the worker is woken."""
    answer = redirect(request, url)
    # Once the answer has left, the row is committed: a bell that rang earlier would wake who finds nothing.
    answer.background = BackgroundTask(services_of(request).bell.ring, "export")
    return answer


def export_page(request: Request[Any, Any, Any], export: Export, size: int | None, around: Around) -> Response[str]:
    """How far it is; once it is ready, the download."""
    if export.state in UNDER_WAY:
        begun = export.state == ExportState.WRITING and export.rows_total > 0
        return render(
            request,
            "exports/progress.html",
            breadcrumb=around.breadcrumb,
            around=around,
            job_title=around.title,
            job_label=around.figures,
            job_done=min(export.rows_done, export.rows_total),
            job_total=export.rows_total or 1,
            job_text=_rows_text(export) if begun else NOT_BEGUN,
        )
    assert export.ended_at is not None
    return render(
        request,
        "exports/export.html",
        breadcrumb=around.breadcrumb,
        around=around,
        export=export,
        size=size,
        transliterated=transliterated_words(export),
        asked_at=date_time_long(export.asked_at, around.zone, with_year=True),
        kept_until=date_long((export.ended_at + KEPT).astimezone(around.zone).date()),
        offer=around.offer,
    )


def _rows_text(export: Export) -> str:
    return f"{number(min(export.rows_done, export.rows_total))} lignes écrites sur {number(export.rows_total)}"


def export_download(file: File, content: bytes, headers: Mapping[str, str] = REVALIDATED) -> Response[bytes]:
    return download(content, file.name, file.media_type, headers=headers)


def headers_of(export: Export) -> Mapping[str, str]:
    """What the answer that hands it out says beside its name."""
    changed = export.transliterated
    return REVALIDATED if changed is None else {**REVALIDATED, TRANSLITERATED: str(changed)}


def transliterated_words(export: Export) -> str:
    """What was written otherwise than it is; empty: nothing."""
    changed = export.transliterated
    return plural(changed, "valeur translittérée", "valeurs translittérées") if changed else ""
