"""What happens to rounds, in words for the journal. Of a vote in a secret round nothing is written there."""

from collections.abc import Mapping

from pooling.members.events import EventWords, Subject, named_by
from pooling.rounds.models import Round
from pooling.rounds.rules import ROUND
from pooling.rounds.workshops.models import WORKSHOP

SENTENCES: Mapping[str, str] = {
    "round.prepared": "a préparé le tour de priorisation {round}",
    "round.changed": "a modifié le tour de priorisation {round}",
    "round.open": "a ouvert le vote du tour {round}",
    "round.extended": "a changé la date de clôture du tour {round}",
    "round.reminded": "a relancé les référents pour le vote du tour {round}",
    "round.voted": "a voté pour {member} dans le tour {round}",
    "round.closed": "a clos le vote du tour {round}",
    "round.put_on_agenda": "a mis le classement du tour {round} à l’ordre du jour du prochain comité",
    "round.adopted": "a adopté le classement du tour {round}",
    "round.cancelled": "a abandonné le tour {round}",
    "workshop.opened": "a ouvert un atelier sur l’action {action}",
    "workshop.ranking": "a fait classer les thèmes de l’atelier sur l’action {action}",
    "workshop.reopened": "a rouvert aux notes l’atelier sur l’action {action}",
    "workshop.closed": "a fini l’atelier sur l’action {action}",
}
EVENTS = EventWords(
    SENTENCES,
    (
        Subject(
            "round",
            "Tours de priorisation",
            otherwise="un tour de priorisation",
            keys=("round_id",),
            states=ROUND.words,
            named=named_by(Round.id, Round.title, Round.reference, said="« {} » ({})"),
        ),
        Subject("workshop", "Ateliers", otherwise="un atelier", states=WORKSHOP.words),
    ),
)
