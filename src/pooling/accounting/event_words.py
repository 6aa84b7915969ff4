"""What happens to statements, in words for the journal."""

from pooling.accounting.mailing import ASKED
from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names
from pooling.web.typography import plural


def _members(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return plural(int(event.details.get("members", 0)), "membre")


EVENTS = EventWords(
    sentences={ASKED: "a envoyé les relevés de l’état n° {number} de {purchase} à {members}"},
    gaps={"members": _members},
)
