"""One try: an HTTPS request to an address whose name is looked up, and checked, for this very connection.

A name that led to a public address a moment ago may lead to this network now (DNS rebinding): what is connected to is
the address that was checked. Nothing of the answer is read but its status; an answer that leads elsewhere is not
followed.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from standardwebhooks import Webhook

from pooling.kernel.limits import Readers, limit

TIMEOUT = limit(15, "Seconds that the address of a webhook has to answer", __name__, Readers.OPERATORS)


class Trouble(StrEnum):
    """Why nothing was answered."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    PRIVATE = "private"
    CERTIFICATE = "certificate"
    PROTOCOL = "protocol"


@dataclass(frozen=True)
class Answer:
    """What came of a try."""

    status: int | None
    trouble: Trouble | None
    milliseconds: int
    retry_after: str = ""


def signed_headers(message_id: str, body: str, secrets: Sequence[str], now: datetime) -> Mapping[str, str]:
    """The headers of Standard Webhooks: one signature for each secret."""
    at = now.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, at, body) for secret in secrets),
    }


def written(kind: str, at: datetime, data: Mapping[str, object]) -> str:
    """The body: the same text each time it is sent, since it is signed."""
    whole = {"type": kind, "timestamp": at.astimezone(UTC).isoformat(), "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


async def send(url: str, body: str, headers: Mapping[str, str], *, private: bool) -> Answer:
    """Posts it once. Whatever goes wrong is an answer too."""
    from pooling.webhooks.connecting import post  # noqa: PLC0415 - httpcore, which nobody needs who sends nothing

    began = time.monotonic()
    status, trouble, retry_after = await post(url, body, headers, private=private)
    return Answer(status, trouble, int((time.monotonic() - began) * 1000), retry_after)
