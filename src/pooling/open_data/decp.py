"""Essential data of a public contract, in the State's format, and what is wrong with them. Pure.

The format is that of the order of 22 December 2022 (ECOM2235715A), amended on 22 December 2023, as its repository
`139bercy/format-commande-publique` publishes it in version 2.0.3 (schema_decp_v2.0.3.json, draft-07). Version 2.0.4,
which the State's aggregator checks (`139bercy/decp-arr2022`), says the same in other words: `allOf` beside `$ref`, the
root an object. So what keeps these rules is valid for both.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pooling.sharing.money import Cents

LONGEST_ID, LONGEST_OBJECT = 16, 1000
MONTHS_TO_PUBLISH = 2
"""After the notification (CCP R2196-1)."""
ENVIRONMENT_FROM = date(2026, 8, 22)
"""From when contracts have an environmental clause (CCP L2112-2)."""


class Procedure(StrEnum):
    NONE = "Marché passé sans publicité ni mise en concurrence préalable"
    ADAPTED = "Procédure adaptée"
    OPEN = "Appel d'offres ouvert"
    RESTRICTED = "Appel d'offres restreint"
    NEGOTIATED = "Procédure avec négociation"
    DIALOGUE = "Dialogue compétitif"


class Ccag(StrEnum):
    SUPPLIES = "Fournitures courantes et services"
    TECHNOLOGY = "Techniques de l'information et de la communication"
    INTELLECTUAL = "Prestations intellectuelles"
    WORKS = "Travaux"
    INDUSTRY = "Marchés industriels"
    PROJECT = "Maitrise d'œuvre"
    NONE = "Pas de CCAG"


class Grouping(StrEnum):
    NONE = "Pas de groupement"
    JOINT = "Conjoint"
    SEVERAL = "Solidaire"


class PlaceKind(StrEnum):
    DEPARTMENT = "Code département"
    COMMUNE = "Code commune"
    POSTCODE = "Code postal"
    REGION = "Code région"


class PriceKind(StrEnum):
    FIRM = "Définitif ferme"
    UPDATED = "Définitif actualisable"
    REVISED = "Définitif révisable"
    PROVISIONAL = "Provisoire"


class PriceForm(StrEnum):
    UNIT = "Unitaire"
    LUMP = "Forfaitaire"
    MIXED = "Mixte"


class Social(StrEnum):
    CLAUSE = "Clause sociale"
    CRITERION = "Critère social"
    RESERVED = "Marché réservé"
    NONE = "Pas de considération sociale"


class Environmental(StrEnum):
    CLAUSE = "Clause environnementale"
    CRITERION = "Critère environnemental"
    NONE = "Pas de considération environnementale"


NATURE, FRAMEWORK, ORDER_FORMS, NOTHING = "Marché", "Accord-cadre", "Bons de commande", "Sans objet"
VEHICLES = ("341", "344")
"""How CPV codes of vehicles begin, of which the origin is asked."""


@dataclass(frozen=True)
class Field:
    """One rule of the format: what a value has to be."""

    kind: type | tuple[type, ...] = str
    pattern: re.Pattern[str] | None = None
    choices: Sequence[str] = ()
    least: int | None = None
    most: int | None = None
    longest: int | None = None
    of: Mapping[str, "Field"] | None = None
    """The fields of an object; those that it requires."""
    each: "Field | None" = None
    """What each of a list is; it has at least one, none twice."""
    required: bool = True


def _listed(choices: type[StrEnum] | Sequence[str]) -> Field:
    return Field(list, each=Field(choices=[str(one) for one in choices]))


def _in(name: str, field: Field) -> Field:
    return Field(dict, of={name: field})


_ID = re.compile(r".{1,16}")
_SIRET = re.compile(r"[0-9]{14}")
_CPV = re.compile(r"[0-9]{8}(-[0-9])?")
_WRITTEN_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY = Field(pattern=_WRITTEN_DAY)
_HOLDER = Field(
    dict,
    of={
        "typeIdentifiant": Field(choices=("SIRET", "TVA", "TAHITI", "RIDET", "FRWF", "IREP", "HORS-UE")),
        "id": Field(),
    },
)
_RATIO = Field((int, float), least=0, most=1, required=False)
FORMAT: Mapping[str, Field] = {
    "id": Field(pattern=_ID),
    "acheteur": Field(dict, of={"id": Field(pattern=_SIRET)}),
    "nature": Field(choices=(NATURE, "Marché de partenariat", "Marché de défense ou de sécurité")),
    "objet": Field(longest=LONGEST_OBJECT),
    "codeCPV": Field(pattern=_CPV),
    "techniques": _in(
        "technique",
        _listed(
            (
                FRAMEWORK,
                *("Concours", "Système de qualification", "Système d'acquisition dynamique"),
                *("Catalogue électronique", "Enchère électronique", NOTHING),
            )
        ),
    ),
    "modalitesExecution": _in("modaliteExecution", _listed(("Tranches", ORDER_FORMS, "Marchés subséquents", NOTHING))),
    "marcheInnovant": Field(bool),
    "ccag": Field(choices=[*Ccag]),
    "offresRecues": Field(int, least=1),
    "attributionAvance": Field(bool),
    "tauxAvance": _RATIO,
    "typeGroupementOperateurs": Field(choices=[*Grouping]),
    "procedure": Field(choices=[*Procedure]),
    "lieuExecution": Field(dict, of={"code": Field(), "typeCode": Field(choices=[*PlaceKind])}),
    "dureeMois": Field(int, least=1),
    "dateNotification": _DAY,
    "datePublicationDonnees": _DAY,
    "montant": Field((int, float), least=1),
    "typesPrix": _in("typePrix", _listed(PriceKind)),
    "formePrix": Field(choices=[*PriceForm]),
    "origineUE": _RATIO,
    "origineFrance": _RATIO,
    "sousTraitanceDeclaree": Field(bool),
    "titulaires": Field(list, each=_in("titulaire", _HOLDER)),
    "considerationsSociales": _in("considerationSociale", _listed(Social)),
    "considerationsEnvironnementales": _in("considerationEnvironnementale", _listed(Environmental)),
}


def faults_of(contract: Mapping[str, Any], fields: Mapping[str, Field] = FORMAT, within: str = "") -> list[str]:
    """The paths of what is missing, wrong or unknown; none: the data are valid."""
    unknown = [f"{within}{name}" for name in contract if name not in fields]
    missing = [f"{within}{name}" for name, field in fields.items() if field.required and name not in contract]
    wrong = [
        fault
        for name, field in fields.items()
        if name in contract
        for fault in _faults(contract[name], field, f"{within}{name}")
    ]
    return [*missing, *wrong, *unknown]


def _faults(value: Any, field: Field, path: str) -> list[str]:  # noqa: ANN401 - whatever JSON holds
    kinds = field.kind if isinstance(field.kind, tuple) else (field.kind,)
    if not any(isinstance(value, kind) for kind in kinds) or (isinstance(value, bool) and bool not in kinds):
        return [path]
    if field.of is not None:
        return faults_of(value, field.of, f"{path}.")
    if field.each is not None:
        twice = any(value.index(one) != place for place, one in enumerate(value))
        each = [fault for one in value for fault in _faults(one, field.each, path)]
        return each or ([path] if twice or not value else [])
    return [] if _holds(value, field) else [path]


def _holds(value: Any, field: Field) -> bool:  # noqa: ANN401
    if isinstance(value, str):
        known = not field.choices or value in field.choices
        written = field.pattern is None or field.pattern.fullmatch(value) is not None
        return bool(value) and known and written and (field.longest is None or len(value) <= field.longest)
    return (field.least is None or value >= field.least) and (field.most is None or value <= field.most)


@dataclass(frozen=True)
class Known:
    """What a purchase knows of a contract by itself."""

    buyer: str
    """The SIRET of the coordinator; empty: nobody said."""
    title: str
    cpv: str
    """With its check digit, or empty."""
    framework: bool
    holder: str
    """The supplier's SIRET, or else its VAT number."""
    holder_kind: str
    amount: Cents

    @property
    def vehicles(self) -> bool:
        """Whether the origin of what is bought is to be said."""
        return self.cpv.startswith(VEHICLES)


def share(percent: Decimal) -> float:
    """A percent as the part of one that the format writes."""
    return float(percent / 100)


def written(known: Known, said: Any, on: date) -> dict[str, Any]:  # noqa: ANN401 - a `ContractIn`, which stands above
    """The contract in the State's format, `on` the day of its publication. What nobody said yet is left out."""
    amount = known.amount if said.amount_cents is None else said.amount_cents
    found: dict[str, Any] = {
        "id": said.identifier,
        "acheteur": {"id": known.buyer},
        "nature": NATURE,
        "objet": known.title[:LONGEST_OBJECT],
        "codeCPV": known.cpv.partition("-")[0],
        "techniques": {"technique": [FRAMEWORK if known.framework else NOTHING]},
        "modalitesExecution": {"modaliteExecution": [ORDER_FORMS if known.framework else NOTHING]},
        "marcheInnovant": said.innovative,
        "ccag": str(said.ccag),
        "offresRecues": said.offers,
        "attributionAvance": said.advance is not None,
        "typeGroupementOperateurs": str(said.grouping),
        "procedure": str(said.procedure) if said.procedure else None,
        "lieuExecution": {"code": said.place, "typeCode": str(said.place_kind)},
        "dureeMois": said.months,
        "dateNotification": said.notified_on.isoformat() if said.notified_on else None,
        "datePublicationDonnees": (said.published_on or on).isoformat(),
        "montant": amount // 100 if amount % 100 == 0 else amount / 100,
        "typesPrix": {"typePrix": [str(said.price_kind)]},
        "formePrix": str(said.price_form),
        "sousTraitanceDeclaree": said.subcontracting,
        "titulaires": [{"titulaire": {"typeIdentifiant": known.holder_kind, "id": known.holder}}],
        "considerationsSociales": {"considerationSociale": [str(one) for one in said.social]},
        "considerationsEnvironnementales": {"considerationEnvironnementale": [str(one) for one in said.environmental]},
    }
    if said.advance is not None:
        found["tauxAvance"] = share(said.advance)
    if known.vehicles and said.origin_eu is not None:
        found["origineUE"] = share(said.origin_eu)
    if known.vehicles and said.origin_france is not None:
        found["origineFrance"] = share(said.origin_france)
    return {name: value for name, value in found.items() if value is not None}


def warnings_of(known: Known, said: Any) -> list[str]:  # noqa: ANN401 - as `written`
    """What the format lets pass and the law does not, in French sentences."""
    found = []
    on = said.notified_on
    if Environmental.NONE in said.environmental and (on is None or on >= ENVIRONMENT_FROM):
        found.append(
            "Depuis le 22 août 2026, tout contrat prend l’environnement en compte (CCP, art. L2112-2) : « Pas de "
            "considération environnementale » ne devrait plus s’y trouver."
        )
    if known.vehicles and (said.origin_eu is None or said.origin_france is None):
        found.append(
            "Pour des véhicules, dites quelle part vient de l’Union européenne, et quelle part de France (à confirmer "
            "pour les cycles)."
        )
    return found


def due_on(notified_on: date) -> date:
    """The last day for publishing: two months after the notification."""
    month = notified_on.month - 1 + MONTHS_TO_PUBLISH
    year, month = notified_on.year + month // 12, month % 12 + 1
    for day in (notified_on.day, 30, 29, 28):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
