"""What the figures of the finance home are. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pooling.sharing.money import Cents

DEFINITIONS: Mapping[str, str] = {
    "Exercice": "l’année du dernier état de répartition figé de l’achat ; à défaut, celle de sa livraison prévue.",
    "Prévu": "TTC des achats que rien n’engage encore : aucun état n’est figé et rien n’est commandé. Une estimation.",
    "Engagé": "part TTC du membre dans le dernier état figé de chaque achat ; à défaut, sa part du moment quand "
    "l’achat est commandé.",
    "Facturé": "factures acceptées des fournisseurs à son nom (pour tous, au nom du pilote), plus ce qu’il a payé à "
    "part et les titres reçus, moins les titres émis.",
    "Subventions": "ce que la répartition des achats engagés déduit de sa part.",
    "Demandées, accordées, versées": "subventions des dossiers que le membre porte, à la date de la demande, de "
    "la décision, du versement. Les dossiers du groupe n’y sont pas.",
    "FCTVA": "estimation du remboursement de TVA des achats engagés, que le membre demande lui-même.",
    "Coût net": "engagé, moins les subventions, moins le FCTVA.",
    "À payer": "ce qu’il doit encore à d’autres membres d’après les derniers états figés, paiements notés déduits. Le "
    "paiement des fournisseurs n’est pas suivi ici.",
    "À recevoir": "ce que d’autres membres lui doivent encore, de la même façon.",
}
DELAYS: Mapping[int, str] = {
    0: "l’année de la dépense (N)",
    1: "l’année suivante (N+1)",
    2: "deux ans après la dépense (N+2)",
}


class Figures(NamedTuple):
    """In cents with VAT."""

    ttc: Cents = 0
    subsidies: Cents = 0
    fctva: Cents = 0
    net: Cents = 0
    invoiced: Cents = 0

    def plus(self, other: "Figures") -> "Figures":
        return Figures(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Position(NamedTuple):
    """What is engaged, and what is only planned."""

    engaged: Figures = Figures()
    planned: Figures = Figures()

    @property
    def invoiced(self) -> Cents:
        """A supplier may invoice before anything is engaged here."""
        return self.engaged.invoiced + self.planned.invoiced

    def plus(self, figures: Figures, *, engaged: bool) -> "Position":
        if engaged:
            return self._replace(engaged=self.engaged.plus(figures))
        return self._replace(planned=self.planned.plus(figures))


class OfYear(NamedTuple):
    year: int
    engaged: bool
    figures: Figures


def summed(years: Iterable[OfYear], only: int | None) -> Position:
    """Of one year, or of all."""
    found = Position()
    for one in years:
        if only in (None, one.year):
            found = found.plus(one.figures, engaged=one.engaged)
    return found


def fctva_by_year(years: Iterable[OfYear], delay: int, only: int | None) -> dict[int, Cents]:
    """When FCTVA of what is engaged (in one year, or in all) is expected, the first year first."""
    expected: dict[int, Cents] = defaultdict(int)
    for one in years:
        if one.engaged and one.figures.fctva and only in (None, one.year):
            expected[one.year + delay] += one.figures.fctva
    return dict(sorted(expected.items()))
