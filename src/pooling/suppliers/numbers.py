"""The numbers by which companies are known: SIRET, VAT number. Pure."""

import re

from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.fr import siren as sirens
from stdnum.fr import siret as sirets

_BLANKS = re.compile(r"[\s.\-]")
_FRENCH = 97
"""The modulus of a French VAT number's key (CGI, annexe II, art. 242 nonies)."""
VAT_COUNTRIES = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT", "LU"),
        *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
"""The countries of the European Union, by the letters of their VAT numbers."""


def compact(typed: str) -> str:
    """A number as it is kept: no blanks, dots or dashes, capital letters."""
    return _BLANKS.sub("", typed).upper()


def is_siret(number: str) -> bool:
    """Fourteen digits that hold a SIREN and their own key; La Poste's establishments have another one."""
    return bool(sirets.is_valid(number))


def french_vat_number(siret: str) -> str:
    """The VAT number of the company that an establishment belongs to: `FR`, a key, its SIREN."""
    number = siret[:9]
    return f"FR{(12 + 3 * (int(number) % _FRENCH)) % _FRENCH:02d}{number}"


def siren_of(vat_number: str) -> str | None:
    """The SIREN that a French VAT number ends with; None for another country's."""
    number = vat_number[4:]
    return number if vat_number.startswith("FR") and sirens.is_valid(number) else None


def fault_of(vat_number: str) -> str | None:
    """What is wrong with a VAT number of the European Union, in a sentence; None: nothing that can be seen."""
    country = vat_number[:2]
    if country not in VAT_COUNTRIES:
        return "Commencez par les deux lettres du pays, par exemple FR, DE ou ES."
    try:
        vat.validate(vat_number)
    except ValidationError:
        return "Ce numéro de TVA n’existe pas : vérifiez ses chiffres."
    return None
