"""What receipts are called in French."""

from collections.abc import Mapping

from pooling.receipts.rules import DeliveryState

STATE_WORDS: Mapping[DeliveryState, str] = {
    DeliveryState.NONE: "Rien reçu",
    DeliveryState.PARTIAL: "Livraison partielle",
    DeliveryState.COMPLETE: "Tout est reçu",
    DeliveryState.DECLARED: "Déclarée complète",
}
STATE_TAGS: Mapping[DeliveryState, str] = {
    DeliveryState.NONE: "waiting",
    DeliveryState.PARTIAL: "due",
    DeliveryState.COMPLETE: "done",
    DeliveryState.DECLARED: "done",
}
REFUSED_WHY = ("Abîmé", "Pas le bon article", "Incomplet", "En trop")
"""What units are mostly refused for, to choose from; another reason is typed."""
