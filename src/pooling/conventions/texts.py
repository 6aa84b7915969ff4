"""The territory's texts of conventions and deliberations, read and tried at start."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from pooling.documents.texts import DocumentText, read_text
from pooling.procurement.models import Environment, Mandate

MANDATES = (Mandate.PROCEDURE_ONLY, Mandate.SIGN_AND_NOTIFY, Mandate.FULL)
_PURCHASE = {"reference": "AG-2027-001", "title": "Arceaux et abris à vélos"}
_CHARGE = {"label": "Annonce", "amount": "250,00 €", "key": "à parts égales", "sharers": "tous", "ht": 2_500}


@dataclass(frozen=True)
class ConventionTexts:
    convention: DocumentText
    deliberation: DocumentText


def read_conventions(config_dir: Path) -> ConventionTexts:
    """Read at the start, so that a change counts from the next one.

    Raises:
        ConfigurationError: a text is not right; the message says where.
    """
    return ConventionTexts(
        convention=read_text(config_dir, "convention", samples_of("convention")),
        deliberation=read_text(config_dir, "deliberation", samples_of("deliberation")),
    )


def samples_of(name: str) -> list[Mapping[str, Any]]:
    """What a text of this name is tried with: together all that it may say, and as little as it may."""
    return list({"convention": _conventions, "deliberation": _deliberations}[name]())


def _conventions() -> Iterator[Mapping[str, Any]]:
    for mandate, much, free in product(MANDATES, (True, False), (True, False)):
        member = {"name": "Lugos", "siren": "213302607", "coordinator": not much, "deliberation": "2027-045"}
        yield {
            "group": "Bassin d’Arcachon",
            "purchase": _PURCHASE,
            "lead": {"name": "COBAS", "acts_for_its_members": free},
            "members": [{**member, "deliberated_on": "12/03/2027" if much else ""}],
            "more_members": 2 if much else 0,
            "units": [{"parent": "Université", "names": "UFR de droit, UFR de lettres"}] if much else [],
            "mandate": str(mandate),
            "lots": [{"number": 1, "title": "Arceaux"}] if much else [],
            "items": [{"name": "Arceau"}] if much else [],
            "more_items": 3 if much else 0,
            "framework": 12_000_000 if much else 0,
            "estimate": {"value": 10_000_000, "options": 1_000, "renewals": 1} if much else _NOTHING_ESTIMATED,
            "procedure": {"name": "Procédure formalisée" if much else "", "formalised": much},
            "environment": (Environment.CRITERION if free else Environment.LIFE_CYCLE) if much else "",
            "charges": [_CHARGE] if much else [],
            "subsidies": [{"label": "Alvéole", "aid": "40 % du coût éligible"}] if much else [],
            "signed_on": "01/04/2027" if much else "",
            "delivery": "30/06/2027" if much else "",
        }


_NOTHING_ESTIMATED = {"value": 0, "options": 0, "renewals": 0}


def _deliberations() -> Iterator[Mapping[str, Any]]:
    for mandate, much, coordinator in product(MANDATES, (True, False), (True, False)):
        council = "le conseil municipal" if much else "l’assemblée délibérante"
        yield {
            "group": "Bassin d’Arcachon",
            "purchase": _PURCHASE,
            "lead": {"name": "COBAS"},
            "member": {
                "name": "Lugos",
                "siren": "213302607",
                "coordinator": coordinator,
                "council": council,
                "executive": "le maire",
                "budget": "Budget principal" if much else "",
            },
            "mandate": str(mandate),
            "formalised": much,
            "needs": [{"name": "Arceau", "units": "4", "ht": 72_000}] if much else [],
            "charges": [_CHARGE] if much else [],
            "amounts": {"ht": 1, "vat": 1, "ttc": 2, "subsidies": 1, "fctva": 1, "net": 0} if much else None,
            "accounts": ["2188", "21828"] if much else [],
        }
