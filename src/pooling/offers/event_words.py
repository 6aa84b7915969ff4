"""What happens to offers, in words for the journal."""

from collections.abc import Mapping

from pooling.members.events import EventWords

SENTENCES: Mapping[str, str] = {
    "purchase.published": "a publié l’offre {purchase}",
    "purchase.ended": "a clos l’offre {purchase}",
    "offer.written": "a écrit l’offre de {purchase}",
    "offer.told": "a dit combien d’agents {of_member} ont acheté : {purchase}",
}
WRITTEN = {
    "supplier": "professionnel",
    "valid_from": "début",
    "valid_until": "fin",
    "conditions": "conditions",
    "claiming": "comment en profiter",
    "prices": "prix",
}

EVENTS = EventWords(SENTENCES, settings=WRITTEN)
