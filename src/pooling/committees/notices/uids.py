"""What calendars know a committee by: a `UID` of each person's own, the same for the life of the committee. It holds
what nobody else can guess, so that an answer which names it comes from whoever was sent it.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Self

from pooling.committees.models import Committee
from pooling.outbox.envelope import host_of

_READ = re.compile(r"committee-([1-9][0-9]{0,17})-([1-9][0-9]{0,17})-([1-9][0-9]{0,17})-([0-9a-f]{20})@.{1,300}")


@dataclass(frozen=True)
class Invited:
    """Somebody's calendar, on a committee."""

    group_id: int
    committee_id: int
    person_id: int
    key: str

    @classmethod
    def of(cls, committee: Committee, person_id: int, mail_key: str) -> Self:
        """From the secret that stands in the person's mails."""
        secret = f"{mail_key}/{committee.group_id}/{committee.id}"
        return cls(committee.group_id, committee.id, person_id, sha256(secret.encode()).hexdigest()[:20])

    @classmethod
    def read(cls, uid: str) -> Self | None:
        found = _READ.fullmatch(uid)
        if found is None:
            return None
        return cls(int(found[1]), int(found[2]), int(found[3]), found[4])

    def uid(self, base_url: str) -> str:
        host = host_of(base_url).strip("[]")
        return f"committee-{self.group_id}-{self.committee_id}-{self.person_id}-{self.key}@{host}"

    def proves(self, other: Self) -> bool:
        """Whether this one, that somebody sent, is the true one."""
        return compare_digest(self.key, other.key) and self == other
