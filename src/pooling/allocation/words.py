"""Charges and subsidies in words: in lists, and side by side when two people changed the same one."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from pooling.allocation.configuration import CapitalGoods, FctvaBeneficiaries, FctvaRate
from pooling.allocation.figures import Labels
from pooling.allocation.key_choices import in_words, parts_of
from pooling.allocation.models import PARTICIPANTS, Cause
from pooling.kernel.configuration import Dated
from pooling.web.numbers import typed_number
from pooling.web.typography import date_short, euros, percent

NAMED_AT_MOST = 3
CAUSES: Mapping[str, str] = {
    Cause.INVOICE: "Facture",
    Cause.CREDIT_NOTE: "Avoir",
    Cause.AMENDMENT: "Quantités ou prix ajustés",
    Cause.COSTS: "Frais ou subventions changés",
    Cause.OTHER: "Autre raison",
}
"""Why a later état is frozen."""
TAKERS = "ceux qui prennent au moins une unité"


def charge_in_words(content: Mapping[str, Any], labels: Labels) -> dict[str, str]:
    """What a charge says, by what it is about; a number given to a member is under its name."""
    said = {
        "Nom": content["label"],
        "Montant HT": " ".join([charge_amount(content), taken_of(content)]).strip(),
        "Taux de TVA": percent(Fraction(content["vat_rate"]) / 100, 2),
        "FCTVA": "éligible" if content["fctva"] else "non éligible",
        "Clé": in_words(content["key"]),
        "Membres concernés": sharers_in_words(content["scope"], labels, longest=50),
        "Articles comptés": names_in_words(content["items"], labels.items, "tous", longest=50),
        "Payés": paid_in_words(content.get("paid_by"), labels),
    }
    for _, part in parts_of(content["key"]):
        for kind, word in (("weights", "poids"), ("percents", "pourcentage")):
            if isinstance(part, dict) and kind in part:
                said |= {f"{labels.member(code)} ({word})": typed_number(value) for code, value in part[kind].items()}
    return said


def charge_amount(content: Mapping[str, Any]) -> str:
    """`250,00 €`, or `−2,5 %`."""
    if content.get("percent") is None:
        return euros(content["amount_cents"])
    return percent(Fraction(content["percent"]) / 100, 6)


def taken_of(content: Mapping[str, Any]) -> str:
    """What a percent is taken of: `du prix des articles`; empty for an amount."""
    if content.get("percent") is None:
        return ""
    return "du prix des articles" if content["items"] is None else "du prix des articles comptés"


def subsidy_in_words(content: Mapping[str, Any], labels: Labels) -> dict[str, str]:
    """What a subsidy says, by what it is about."""
    return {
        "Nom": content["label"],
        "Aide": aid_words(content),
        "Articles comptés": names_in_words(content["items"], labels.items, "tous", none="aucun", longest=50),
        "Frais comptés": names_in_words(content["charges"], labels.charges, "tous", none="aucun", longest=50),
        "Membres aidés": names_in_words(content["members"], labels.members, "tous", longest=50),
        "Argent public": "oui" if content["public"] else "non",
    }


def aid_words(content: Mapping[str, Any]) -> str:
    """`40 % du coût éligible, 80,00 € au plus par unité`."""
    if content["rate"] is None:
        return f"{euros(content['amount_cents'])} au plus"
    said = [f"{percent(Fraction(content['rate']) / 100, 6)} du coût éligible"]
    if content["cap_per_unit_cents"] is not None:
        said.append(f"{euros(content['cap_per_unit_cents'])} au plus par unité")
    if content["cap_total_cents"] is not None:
        said.append(f"{euros(content['cap_total_cents'])} au plus en tout")
    return ", ".join(said)


def paid_in_words(payer: str | None, labels: Labels) -> str:
    """Who paid a charge."""
    return f"à part, par {labels.member(payer)}" if payer else "sur les factures des fournisseurs"


def sharers_in_words(scope: Sequence[str] | None, labels: Labels, longest: int = NAMED_AT_MOST) -> str:
    """Who shares a charge."""
    if scope == PARTICIPANTS:
        return TAKERS
    return names_in_words(scope, labels.members, "tous ceux qui participent à l’achat", longest=longest)


def names_in_words(
    codes: Sequence[str] | None,
    names: Mapping[str, str],
    everything: str,
    *,
    none: str = "personne",
    longest: int = NAMED_AT_MOST,
) -> str:
    """Names of what a list holds, the first ones when there are many."""
    if codes is None:
        return everything
    shown = [names.get(code, code) for code in codes[:longest]]
    more = f" et {len(codes) - longest} autres" if len(codes) > longest else ""
    return (", ".join(shown) or none) + more


def fctva_in_words(rate: FctvaRate | None) -> str | None:
    """`16,404 % (CGCT, art. L1615-6, depuis le 01/01/2015)`."""
    if rate is None:
        return None
    return f"{percent(rate.rate / 100, 6)} ({_sourced(rate)})"


def beneficiaries_in_words(found: FctvaBeneficiaries | None) -> str | None:
    """Who gets FCTVA, and where it is said."""
    return f"{', '.join(found.kinds)} ({_sourced(found)})" if found else None


def threshold_in_words(goods: CapitalGoods | None) -> str:
    """How an item comes by its section, and where it is said."""
    by_account = "La section suit le compte de l’article (classe 2 : investissement ; classe 6 : fonctionnement)."
    if goods is None:
        return by_account
    price = euros(int(goods.unit_price * 100))
    return (
        f"{by_account} Sans compte, un service est en fonctionnement, et un bien en investissement au-delà de "
        f"{price} TTC l’unité ({_sourced(goods)}), sauf délibération contraire."
    )


def _sourced(found: Dated) -> str:
    unsure = ", à confirmer" if found.to_confirm else ""
    return f"{found.source}, depuis le {date_short(found.valid_from)}{unsure}"
