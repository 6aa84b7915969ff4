"""What happens to the group's experience, in words for the journal."""

from collections.abc import Mapping

from pooling.experiences.models import Experience
from pooling.members.events import EventWords, Subject, named_by

SENTENCES: Mapping[str, str] = {
    "experience.told": "a raconté le retour d’expérience {experience}",
    "experience.corrected": "a corrigé le retour d’expérience {experience}",
    "experience.shared": "a ouvert aux autres groupes le retour d’expérience {experience}",
    "experience.kept": "a réservé au groupe le retour d’expérience {experience}",
    "experience.asked": "a posé une question sous le retour d’expérience {experience}",
    "experience.answered": "a répondu sous le retour d’expérience {experience}",
    "experience.detached": "a retiré un document du retour d’expérience {experience}",
    "experience.attached": "a joint des documents au retour d’expérience {experience}",
}
EVENTS = EventWords(
    SENTENCES,
    (
        Subject(
            "experience",
            "Retours d’expérience",
            otherwise="« Retour »",
            keys=("experience_id",),
            named=named_by(Experience.id, Experience.title, said="« {} »"),
        ),
    ),
)
