"""What is said of webhooks."""

from collections.abc import Mapping

from pooling.webhooks.models import Stopped
from pooling.webhooks.sending import Trouble

STOPPED_WORDS: Mapping[Stopped, str] = {
    Stopped.BY_HAND: "les envois ont été arrêtés ici",
    Stopped.GONE: "l’adresse a répondu qu’elle n’existe plus",
    Stopped.FAILING: "rien n’a pu y être remis pendant trois jours",
}
TROUBLE_WORDS: Mapping[Trouble, str] = {
    Trouble.TIMEOUT: "pas de réponse à temps",
    Trouble.UNREACHABLE: "la connexion a échoué",
    Trouble.PRIVATE: "l’adresse mène à un réseau privé : rien n’y est envoyé",
    Trouble.CERTIFICATE: "le certificat n’est pas reconnu",
    Trouble.PROTOCOL: "la réponse n’est pas du HTTP",
}


def answer_words(status: int | None, error: str) -> str:
    """What came of a try."""
    return f"réponse {status}" if status is not None else TROUBLE_WORDS[Trouble(error)]
