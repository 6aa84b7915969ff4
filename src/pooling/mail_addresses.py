"""What an e-mail address is, here and nowhere else: whoever types one is told at once, not by a mail that never comes.

An address is kept in lower case, its domain in letters as people read it (`contact@mairie-arès.fr`); mail servers get
that domain in the letters of RFC 5891 (`xn--…`). No mailbox name with accents: hardly any server delivers to one.
"""

from functools import lru_cache

import email_validator
from email_validator import EmailNotValidError, EmailSyntaxError, ValidatedEmail, validate_email

email_validator.SPECIAL_USE_DOMAIN_NAMES.remove("localhost")  # what a laptop's own service sends from

LONGEST = 254
"""What a mail server takes (RFC 5321, 4.5.3.1.3)."""
EXAMPLE = "Indiquez une adresse électronique, par exemple prenom.nom@mairie.fr."
_SHORTEST_ENDING = 2


class WrongAddressError(ValueError):
    """No mail could reach this address; the message, a French sentence, says why."""


def read_address(typed: str) -> str:
    """The address as it is kept.

    Raises:
        WrongAddressError: no mail could reach it.
    """
    try:
        found = _validated(typed.strip()[: LONGEST + 1], anywhere=True)
    except EmailNotValidError as error:
        raise WrongAddressError(_why(typed.strip())) from error
    if len(found.domain.rpartition(".")[2]) < _SHORTEST_ENDING:
        raise WrongAddressError(EXAMPLE)
    return found.normalized.lower()


def kept_address(typed: str) -> str:
    """The address as it would be kept, to look somebody up; what is none is only folded, and finds nobody."""
    try:
        return read_address(typed)
    except WrongAddressError:
        return typed.strip().lower()


def why_wrong(typed: str) -> str | None:
    """What to mend, as a French sentence; None when nothing is."""
    try:
        read_address(typed)
    except WrongAddressError as wrong:
        return str(wrong)
    return None


def is_address(typed: str) -> bool:
    return why_wrong(typed) is None


@lru_cache(maxsize=4096)
@lru_cache(maxsize=32)  # a mail asks four times: for its headers and for the server, of who sends and who receives
def sendable(address: str) -> str:
    """The address as headers, mail servers and calendars take it: ASCII alone. A sender may be `…@localhost`.

    Raises:
        ValueError: it is no address.
    """
    ascii_form = _validated(address, anywhere=False).ascii_email
    if ascii_form is None:
        raise EmailSyntaxError("not ASCII")
    return ascii_form


def _validated(address: str, *, anywhere: bool) -> ValidatedEmail:
    return validate_email(
        address, check_deliverability=False, allow_smtputf8=False, globally_deliverable=anywhere, strict=True
    )


def _why(typed: str) -> str:
    """What to mend, for the faults that one does not see at first sight."""
    typed = typed[: LONGEST + 1]
    mailbox, _, domain = typed.rpartition("@")
    if not mailbox or not domain:
        return EXAMPLE
    faults = (
        (len(typed) > LONGEST, f"Cette adresse est trop longue : {LONGEST} caractères au plus."),
        (not mailbox.isascii(), "Une adresse électronique n’a ni accent ni lettre spéciale avant l’arobase (@)."),
        (".." in typed, "Cette adresse a deux points de suite : il n’en faut qu’un."),
        (f".{mailbox}.".count("..") > 0, "Ce qui précède l’arobase (@) ne commence ni ne finit par un point."),
        ("." not in domain, "Il manque la fin de l’adresse, par exemple « .fr »."),
    )
    return next((sentence for fault, sentence in faults if fault), EXAMPLE)
