"""How often something may be tried or asked: an atomic counter per key.

What may be wrong (a code) is counted in a transaction of its own, so that a refused try counts too; what is asked and
sends mail is counted in the transaction that sends it, so that only what was done counts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import Database, fetch
from pooling.kernel.errors import Invalid

_COUNT = "SELECT count_try($1, $2, $3, $4) AS tries"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HOST = "one host (an IPv6 /64)"


class TooMany(Invalid):
    """A page with a form says it there, with all that was typed."""

    status = 429
    code = "too_many"

    def __init__(self, window: timedelta) -> None:
        again = "recommencez demain" if window >= DAY else "patientez quelques minutes, puis recommencez"
        sentence = f"C’est beaucoup en peu de temps : {again}."
        super().__init__({"": sentence}, message=sentence)


@dataclass(frozen=True)
class Allowance:
    """So many in a window. Declared once, where it holds; the documents' table is written from all of them."""

    key: str
    """Opens the keys of its counters."""
    what: str
    each: str
    """Whom or what it counts for: a person, an address, a host."""
    most: int
    window: timedelta
    where: str

    def __post_init__(self) -> None:
        ALLOWANCES[self.key] = self

    def __str__(self) -> str:
        word = {HOUR: "an hour", DAY: "a day"}.get(self.window, f"in {self.window.total_seconds() / 60:g} minutes")
        return f"{self.most:,}".replace(",", " ") + f" {word} for {self.each}"

    async def count(self, database: Database, whose: object, *, at: datetime) -> None:
        """Counts one more try, whatever becomes of it.

        Raises:
            TooMany: there were more since the window began.
        """
        (row,) = await database.ask(_COUNT, *self._counted(whose, at, 1))
        self._judge(row["tries"])

    async def count_here(self, session: AsyncSession, whose: object, *, at: datetime, times: int = 1) -> None:
        """Counts what this transaction does, if it commits.

        Raises:
            TooMany: it would be more since the window began.
        """
        (row,) = await fetch(session, _COUNT, *self._counted(whose, at, times))
        self._judge(row["tries"])

    def _counted(self, whose: object, at: datetime, times: int) -> tuple[str, datetime, datetime, int]:
        return f"{self.key}:{whose}", at, at - self.window, times

    def _judge(self, tries: int) -> None:
        if tries > self.most:
            raise TooMany(self.window)


ALLOWANCES: dict[str, Allowance] = {}


def host_of(request: Request[Any, Any, Any]) -> str:
    """The address that a request comes from, as the proxy in front of us says when the server is told to trust it."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    # Whoever has one IPv6 address has the 2^64 of its network.
    return str(ip_network((int(address) >> 64 << 64, 64))) if isinstance(address, IPv6Address) else host
