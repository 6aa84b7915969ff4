"""What is said of contracts for their publication, in words for the journal."""

from collections.abc import Mapping

from pooling.members.events import EventWords
from pooling.open_data.keeping import CONTRACT_DESCRIBED

SENTENCES: Mapping[str, str] = {
    CONTRACT_DESCRIBED: "a complété les données essentielles de {purchase}",
}
EVENTS = EventWords(SENTENCES)
