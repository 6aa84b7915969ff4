"""What is noted for the indicators, in words for the journal."""

from pooling.indicators.keeping import ASSUMED, ASSUMPTION_WITHDRAWN, DAYS_NOTED, DAYS_WITHDRAWN
from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names


def _days(event: Event, _: Names) -> str:
    return str(event.details.get("days", "")).replace(".", ",")


EVENTS = EventWords(
    {
        DAYS_NOTED: "a noté {days} jours d’agents de {member} : {what}",
        DAYS_WITHDRAWN: "a retiré {days} jours d’agents de {member} : {what}",
        ASSUMED: "a supposé {kilometres} km par an pour l’article « {item} » de {purchase} ({source})",
        ASSUMPTION_WITHDRAWN: "a retiré l’hypothèse de trajets de l’article « {item} » de {purchase}",
    },
    gaps={"days": _days},
)
