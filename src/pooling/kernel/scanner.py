"""ClamAV's daemon, asked about a content over its own protocol (clamd(8), INSTREAM): a few lines, no library.

It is named by `POOLING_CLAMD`, as `unix:///run/clamav/clamd.ctl` or `tcp://clamd:3310`.
"""

import asyncio
import struct
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from pooling.kernel.limits import Readers, limit

LONGEST_SCAN = limit(timedelta(seconds=20), "A scanner looks at a file", __name__, Readers.OPERATORS)
_CHUNK = 64 * 1024
_LONGEST_ANSWER = 4096


class ScannerAwayError(Exception):
    """It does not answer, or not whether the content is harmless."""


@dataclass(frozen=True)
class Scanner:
    address: str

    async def found_in(self, content: bytes) -> str | None:
        """What it calls what it found; None when it found nothing.

        Raises:
            ScannerAwayError: it did not say.
        """
        chunks = (content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK))
        stream = b"".join(struct.pack(">I", len(chunk)) + chunk for chunk in chunks)
        answer = await self._ask(b"zINSTREAM\0" + stream + struct.pack(">I", 0))
        verdict = answer.removeprefix("stream: ")
        if verdict == "OK":
            return None
        if verdict.endswith(" FOUND"):
            return verdict.removesuffix(" FOUND")
        raise ScannerAwayError(answer or "no answer")

    async def answers(self) -> bool:
        try:
            return await self._ask(b"zPING\0") == "PONG"
        except ScannerAwayError:
            return False

    async def _ask(self, request: bytes) -> str:
        try:
            async with asyncio.timeout(LONGEST_SCAN.total_seconds()):
                return await self._exchange(request)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ScannerAwayError(str(error) or type(error).__name__) from error

    async def _exchange(self, request: bytes) -> str:
        parts = urlsplit(self.address)
        if parts.scheme == "unix":
            reader, writer = await asyncio.open_unix_connection(parts.path, limit=_LONGEST_ANSWER)
        else:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 3310, limit=_LONGEST_ANSWER)
        try:
            writer.write(request)
            answer = await reader.readuntil(b"\0")  # perhaps before all is sent: what is too large for it
        finally:
            writer.close()
        return answer.rstrip(b"\0").decode(errors="replace").strip()
