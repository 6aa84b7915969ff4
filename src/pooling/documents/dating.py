"""A zipped document with its own moment: the same document is the same file, whenever it is written."""

import io
import struct
import zipfile
from datetime import datetime

_LOCAL, _CENTRAL = 10, 12
"""Where a part's own header and its entry in the directory have the moment (APPNOTE.TXT, 4.3.7 and 4.3.12)."""
_ENTRY = 46
"""How long an entry is, but for its name, its extra field and its comment."""


def dated(written: io.BytesIO, at: datetime) -> bytes:
    """The archive with this moment in place of that of its writing. Nothing is packed again."""
    moment = struct.pack(
        "<HH", at.hour << 11 | at.minute << 5 | at.second // 2, (at.year - 1980) << 9 | at.month << 5 | at.day
    )
    content = bytearray(written.getbuffer())
    with zipfile.ZipFile(written) as archive:
        entry = archive.start_dir
        for part in archive.infolist():
            for place in (part.header_offset + _LOCAL, entry + _CENTRAL):
                content[place : place + len(moment)] = moment
            name, extra, comment = struct.unpack_from("<HHH", content, entry + 28)
            entry += _ENTRY + name + extra + comment
    return bytes(content)
