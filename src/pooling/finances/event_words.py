"""What is said of members' finances, in words for the journal."""

from pooling.finances.keeping import DELAY_SAID
from pooling.members.events import EventWords

EVENTS = EventWords(sentences={DELAY_SAID: "a changé le régime de FCTVA de {member}"})
