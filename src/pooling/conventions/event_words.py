"""What becomes of conventions and deliberations, in words for the journal."""

from collections.abc import Mapping

from pooling.conventions.keeping import CONVENTION_KEPT, DELIBERATION_KEPT
from pooling.members.events import EventWords

SENTENCES: Mapping[str, str] = {
    CONVENTION_KEPT: "a conservé la version {number} de la convention de {purchase} ({format})",
    DELIBERATION_KEPT: "a conservé la version {number} du projet de délibération pour {purchase} ({format})",
}
EVENTS = EventWords(SENTENCES)
