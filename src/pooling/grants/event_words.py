"""What happens to files of subsidies, in words for the journal."""

from pooling.grants.keeping import ATTACHED, CHANGED, OPENED, REMOVED
from pooling.grants.models import Grant
from pooling.members.events import EventWords, Subject, named_by

EVENTS = EventWords(
    {
        OPENED: "a ouvert le dossier de subvention {grant}",
        CHANGED: "a mis à jour le dossier de subvention {grant}",
        ATTACHED: "a joint des documents au dossier de subvention {grant}",
        REMOVED: "a retiré un document du dossier de subvention {grant}",
    },
    (
        Subject(
            "grant",
            "Dossiers de subvention",
            otherwise="« Subvention »",
            keys=("grant_id",),
            named=named_by(Grant.id, Grant.title, said="« {} »"),
        ),
    ),
)
