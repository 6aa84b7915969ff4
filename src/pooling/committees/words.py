"""What committees' words are for people: answers, attendance."""

from collections.abc import Mapping

from pooling.committees.models import Answer, CommitteeKind
from pooling.members.models import Role

CHOICES: tuple[tuple[str, str, str], ...] = (
    (Answer.YES, "Je viens", "Sur place ou en visioconférence."),
    (Answer.NO, "Je ne viens pas", "Sans me faire représenter."),
    (Answer.PROXY, "Je donne pouvoir", "Une autre personne invitée parle et vote en mon nom."),
)

NOTED_CHOICES: tuple[tuple[str, str, str | None], ...] = (
    (Answer.YES, "Vient", None),
    (Answer.NO, "Ne vient pas", None),
    (Answer.PROXY, "Donne pouvoir", "Une autre personne invitée parle et vote en son nom."),
)
ANSWER_WORDS: Mapping[Answer | None, str] = {
    Answer.YES: "Vient",
    Answer.NO: "Ne vient pas",
    Answer.PROXY: "Donne pouvoir",
    None: "Sans réponse",
}
ANSWER_TAGS: Mapping[Answer | None, str] = {
    Answer.YES: "done",
    Answer.NO: "cancelled",
    Answer.PROXY: "primary",
    None: "waiting",
}

KIND_WORDS: Mapping[CommitteeKind, str] = {
    CommitteeKind.WORKING_GROUP: "Groupe de travail",
    CommitteeKind.STEERING: "Comité de pilotage",
    CommitteeKind.FORMAL: "Instance avec convocation",
}


def thread_of(committee_id: int) -> str:
    """What mails about a committee stand together under."""
    return f"committee-{committee_id}"


def own_answer(answer: Answer | None, proxy: str | None) -> str:
    """What somebody answered, said to them: « vous venez »."""
    if answer is Answer.PROXY:
        return f"vous donnez pouvoir à {proxy}"
    return {Answer.YES: "vous venez", Answer.NO: "vous ne venez pas", None: "vous n’avez pas répondu"}[answer]


def noted_answer(name: str, answer: Answer | None, proxy: str | None) -> str:
    """The same, said of them: « Claire Dupuy vient »."""
    if answer is Answer.PROXY:
        return f"{name} donne pouvoir à {proxy}"
    return f"{name} vient" if answer is Answer.YES else f"{name} ne vient pas"


ZONE_WORDS: Mapping[str, str] = {
    "Europe/Paris": "heure de Paris",
    "America/Guadeloupe": "heure de la Guadeloupe",
    "America/Martinique": "heure de la Martinique",
    "America/Cayenne": "heure de la Guyane",
    "Indian/Reunion": "heure de La Réunion",
    "Indian/Mayotte": "heure de Mayotte",
    "America/Miquelon": "heure de Saint-Pierre-et-Miquelon",
    "Pacific/Noumea": "heure de la Nouvelle-Calédonie",
    "Pacific/Tahiti": "heure de Tahiti",
    "Pacific/Wallis": "heure de Wallis-et-Futuna",
}


def zone_words(key: str) -> str:
    """Whose clock a meeting's hour is read on."""
    return ZONE_WORDS.get(key, f"fuseau {key}")


INVITED_ROLES: tuple[tuple[Role, str], ...] = (
    (Role.FACILITATOR, "L’animation du groupe"),
    (Role.REFERENT, "Les référents des membres"),
    (Role.LEAD_BUYER, "Les acheteurs pilotes"),
    (Role.FINANCE, "Les services financiers"),
    (Role.PURCHASING, "Les services d’achats"),
    (Role.READER, "Les observateurs"),
)
