"""What happens to costs, in words for the journal."""

from collections.abc import Mapping
from fractions import Fraction

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names, each_differing
from pooling.web.typography import euros, percent

SENTENCES: Mapping[str, str] = {
    "charge.added": "a ajouté à {purchase} les frais {label}",
    "charge.changed": "a modifié les frais {label} de {purchase}",
    "charge.removed": "a retiré de {purchase} les frais {label}",
    "subsidy.added": "a ajouté à {purchase} la subvention {label}",
    "subsidy.changed": "a modifié la subvention {label} de {purchase}",
    "subsidy.removed": "a retiré de {purchase} la subvention {label}",
    "weights.given": "a changé les poids propres des participants à {purchase}",
    "allocation.frozen": "a figé l’état de répartition n° {number} de {purchase}",
    "allocation.processed": "a marqué comme traité, pour {member}, l’état de répartition n° {number} de {purchase}",
}

LINES = ("charge", "subsidy")


def _label(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    """What a charge or a subsidy is called, or was."""
    for side in (event.details.get("after"), event.details.get("before")):
        if isinstance(side, dict) and "label" in side:
            return f"« {side['label']} »"
    return f"« {event.details.get('code', '')} »"


def _line(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return _side(event.details.get("before")), _side(event.details.get("after"))


def _side(side: object) -> str:
    """By its name and amount."""
    if not isinstance(side, dict) or not isinstance(side.get("label"), str):
        return ""
    amount, rate = side.get("amount_cents"), side.get("percent")
    if isinstance(rate, str):
        return f"{side['label']}, {percent(Fraction(rate) / 100, 6)}"
    return f"{side['label']}, {euros(amount)}" if isinstance(amount, int) else str(side["label"])


def _weights(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return each_differing(event, str)


EVENTS = EventWords(
    SENTENCES,
    gaps={"label": _label},
    changes={
        "weights.given": _weights,
        **{f"{line}.{done}": _line for line in LINES for done in ("added", "changed", "removed")},
    },
)
