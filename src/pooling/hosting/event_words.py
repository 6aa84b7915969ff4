"""What a group lets out, in words for the journal."""

from pooling.hosting.consenting import CONSENT_CHANGED
from pooling.members.events import EventWords

EVENTS = EventWords(
    {CONSENT_CHANGED: "a changé ce que le groupe montre au-dehors"},
    settings={
        "compared": "comparaison avec d’autres groupes",
        "public": "page publique",
        "introduction": "présentation",
    },
)
