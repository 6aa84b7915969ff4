"""ZIP files with one file for each of many members: several, so that none is too large to be held."""

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime

from pooling.exports.kinds import Progress
from pooling.kernel.limits import Readers, limit
from pooling.web.typography import number

ZIP = "application/zip"
MOST_IN_ZIP = limit(2_000, "Statements, or deliberations, in one ZIP file", __name__, Readers.OPERATORS)
"""A file is held in memory while it is written: some forty kilobytes for each, twice."""


def parts_of(count: int) -> range:
    """The numbers of the files that so many fill."""
    return range(1, 2 + max(count - 1, 0) // MOST_IN_ZIP)


def places_of(part: int) -> range:
    """Which of all the file of this number holds, the first at 0; the last file has fewer."""
    return range(MOST_IN_ZIP * (part - 1), MOST_IN_ZIP * part)


def which(part: int, count: int) -> str:
    """« 2 001 à 4 000 »: those of so many, as a button says it."""
    places = places_of(part)
    return f"{number(places.start + 1)} à {number(min(count, places.stop))}"


def zipped(files: Iterable[tuple[str, bytes]], at: datetime, progress: Progress) -> bytes:
    """These files under their names, dated `at`, in the zone of who reads it. They are of kinds that are compressed
    already.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, at.timetuple()[:6]), content)
            progress(1)
    return target.getvalue()
