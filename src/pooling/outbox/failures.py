"""Why a mail did not arrive, in French: what the mail server said, for somebody who knows none."""

import re

from pooling.outbox.delivery import EXPIRED

WITHDRAWN_PREFIX = "withdrawn:"

NO_SUCH_ADDRESS = "Cette adresse n’existe pas, ou plus. Demandez la bonne à la personne, puis corrigez-la."
FULL = "La boîte de cette personne est pleine. Prévenez-la autrement."
TOO_BIG = "Le courriel est trop lourd pour cette boîte : allégez les pièces jointes."
NO_SUCH_DOMAIN = "Le domaine de cette adresse (ce qui suit @) n’existe pas. Vérifiez-la, puis corrigez-la."
POLICY = (
    "Le serveur de cette personne refuse nos courriels par sécurité. Demandez à son service informatique de les "
    "accepter, puis réessayez."
)
BADLY_WRITTEN = "Cette adresse est mal écrite : aucun courriel ne peut lui être envoyé."
BUSY = "Le serveur de cette personne n’a pas pu prendre le courriel, malgré cinq essais en une journée. Réessayez."
NOT_IN_TIME = "Le courriel n’a pas pu partir tant qu’il était utile."
NO_LONGER_TRUE = "Retiré avant de partir : ce qu’il disait n’était plus vrai."
REFUSED = "Le serveur de courriel l’a refusé."

_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Enhanced codes (RFC 3463) say more than the three digits before them; often only the server's words do.
    (re.compile(r"^cannot be written as a mail|not an address"), BADLY_WRITTEN),
    (re.compile(r"\b[45]\.2\.2\b|\bquota|mailbox (is )?full"), FULL),
    (re.compile(r"\b[45]\.3\.4\b|\b552\b|too (big|large)"), TOO_BIG),
    (re.compile(r"\b[45]\.1\.2\b|\b[45]\.4\.4\b|domain|host (not found|unknown)"), NO_SUCH_DOMAIN),
    (re.compile(r"\b[45]\.7\.\d|\bspam|polic(y|ies)|blocked|blacklist"), POLICY),
    (re.compile(r"\b5\.1\.\d|\b55[013]\b|no such|unknown user|user unknown|does not exist"), NO_SUCH_ADDRESS),
    (re.compile(r"^4\d\d\b"), BUSY),
)


def failure_words(error: str) -> str:
    """A sentence, and what to do where something can be done. The server's own words are for whoever runs it."""
    if error == EXPIRED:
        return NOT_IN_TIME
    if error.startswith(WITHDRAWN_PREFIX):
        return NO_LONGER_TRUE
    return next((words for pattern, words in _WORDS if pattern.search(error.lower())), REFUSED)


def is_address_at_fault(error: str) -> bool:
    """Whether another address is what it takes."""
    return failure_words(error) in {NO_SUCH_ADDRESS, NO_SUCH_DOMAIN, BADLY_WRITTEN}


def is_hopeless(error: str) -> bool:
    """Whether trying once more is of no use, whatever was mended: it no longer is true, or no longer is of use."""
    return error == EXPIRED or error.startswith(WITHDRAWN_PREFIX)
