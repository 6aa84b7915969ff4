"""What happens to addresses of calendars, in words for the journal."""

from collections.abc import Mapping

from pooling.members.events import EventWords

SENTENCES: Mapping[str, str] = {
    "calendar_feed.created": "a créé une adresse d’abonnement à son agenda",
    "calendar_feed.revoked": "a supprimé une adresse d’abonnement à son agenda",
}

EVENTS = EventWords(SENTENCES)
