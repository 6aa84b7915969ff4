"""The parts of a zipped document with its own moment: the same document is the same file, whenever it is written."""

import io
import zipfile
from datetime import datetime


def dated(written: io.BytesIO, at: datetime) -> bytes:
    """The archive with this moment in place of that of its writing; parts stay in their order, packed as they were."""
    again = io.BytesIO()
    with zipfile.ZipFile(written) as parts, zipfile.ZipFile(again, "w") as target:
        for part in parts.infolist():
            target.writestr(zipfile.ZipInfo(part.filename, at.timetuple()[:6]), parts.read(part), part.compress_type)
    return again.getvalue()
