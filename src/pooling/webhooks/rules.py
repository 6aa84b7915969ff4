"""When to try again, what counts as received, which addresses may be reached. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""After the first failed try, the second…: the tenth and last comes some three days after the first, as Standard
Webhooks recommends."""
JITTER = 0.1
"""A delay is up to so much longer: what failed together does not come back together."""
LONGEST_WAIT = timedelta(hours=24)
"""That `Retry-After` is given."""
GONE = 410
LONGEST_URL = 500
_NAT64 = ip_network("64:ff9b::/96")


def is_received(status: int | None) -> bool:
    """Whether this answer says that it arrived; one that leads elsewhere does not."""
    return status is not None and 200 <= status < 300  # noqa: PLR2004 - HTTP's own


def next_try(tries: int, now: datetime, chance: float, retry_after: str = "") -> datetime | None:
    """When to try again after so many tries, or None where that was the last one. `chance` lies between 0 and 1."""
    if tries > len(DELAYS):
        return None
    delay = DELAYS[tries - 1] * (1 + JITTER * chance)
    return now + max(delay, min(_wait(retry_after, now), LONGEST_WAIT))


def _wait(retry_after: str, now: datetime) -> timedelta:
    """What `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3); nothing where it says neither."""
    said = retry_after.strip()
    if said.isascii() and said.isdigit():
        return timedelta(seconds=int(said[:9]))
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return timedelta(0)
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(until - now, timedelta(0))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet: not of this machine, a private network, a link."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inside = _inside(found)
    if inside is not None:
        return is_public(str(inside))
    return found.is_global and not found.is_multicast and not found.is_reserved


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def fault_of(url: str, *, private: bool) -> str | None:
    """What is wrong with an address to send to, in a sentence; None: nothing that can be seen. `private`: it may be of
    this network, and without HTTPS. Where its name leads is asked each time something is sent.
    """
    example = "https://logiciel.example.fr/pooling"
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        return f"Indiquez une adresse sans accents ni espaces, {LONGEST_URL} caractères au plus, par exemple {example}."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return f"Indiquez une adresse, par exemple {example}."
    if parts.scheme not in ({"https", "http"} if private else {"https"}) or not host or port == 0:
        return f"Indiquez une adresse qui commence par https://, par exemple {example}."
    if parts.username is not None or parts.fragment:
        return "Indiquez une adresse sans nom d’utilisateur ni « # » : la signature dit déjà qui envoie."
    if not private and _is_literal(host) and not is_public(host):
        return "Cette adresse est celle d’un réseau privé : rien n’y est envoyé."
    return None


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
