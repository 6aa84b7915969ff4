"""Decisions in words: what they are called, what they do to their purchase, how the votes went. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pooling.allocation.key_choices import given_in, in_words
from pooling.committees.decisions.models import Act, Decision
from pooling.committees.decisions.schemas import Deadline, NewTerms, Terms
from pooling.kernel.events import Event
from pooling.purchases.models import PurchaseState
from pooling.web.typography import date_long, number, plural, relative_day

NAMED_AT_MOST = 10
"""Members named in the words of one key."""
ACT_WORDS: Mapping[Act, str] = {
    Act.OPEN: "Ouvrir la collecte des besoins",
    Act.EXTEND: "Changer la date de clôture",
    Act.CLOSE: "Clôturer la collecte",
    Act.CHANGE_TERMS: "Changer les conditions",
    Act.CANCEL: "Annuler l’achat",
}
POSSIBLE: Mapping[Act, frozenset[PurchaseState]] = {
    Act.OPEN: frozenset({PurchaseState.DRAFT}),
    Act.EXTEND: frozenset({PurchaseState.OPEN, PurchaseState.CLOSED}),
    Act.CLOSE: frozenset({PurchaseState.OPEN}),
    Act.CHANGE_TERMS: frozenset(set(PurchaseState) - {PurchaseState.SETTLED, PurchaseState.CANCELLED}),
    Act.CANCEL: frozenset({PurchaseState.DRAFT, PurchaseState.OPEN, PurchaseState.CLOSED, PurchaseState.ORDERED}),
}
"""In which states of a purchase an act can be carried out: what pages say beforehand. The use cases decide."""

_CONSEQUENCES: Mapping[Act, Sequence[str]] = {
    Act.OPEN: (
        "Les référents de tous les participants peuvent déclarer leurs besoins ; un courriel le leur dit.",
        "La population et l’effectif de chaque participant sont figés pour la répartition des coûts.",
    ),
    Act.EXTEND: (
        "Tous les référents des participants reçoivent un courriel avec la nouvelle date et le texte de la décision.",
        "Les déclarations déposées restent en vigueur ; elles peuvent encore être modifiées.",
    ),
    Act.CLOSE: (
        "Les déclarations ne pourront plus être modifiées par les référents.",
        "Avant la date annoncée, les référents reçoivent un courriel avec le texte de la décision.",
    ),
    Act.CHANGE_TERMS: ("Les montants de chacun sont recalculés aussitôt ; les états déjà figés ne changent pas.",),
    Act.CANCEL: (
        "Plus personne ne peut déclarer de besoin ; ce qui a été déclaré reste lisible.",
        "Les référents des participants reçoivent un courriel avec le texte de la décision.",
        "Une annulation ne se défait pas.",
    ),
}


def committee_day(local_start: datetime) -> str:
    """`30 mars 2027`."""
    return date_long(local_start.date()).split(" ", maxsplit=1)[1]


def decision_called(place: int, local_start: datetime) -> str:
    """`Décision n° 2 du comité du 30 mars 2027`."""
    return f"Décision n°\u00a0{place} du comité du {committee_day(local_start)}"


def decided_by(place: int, local_start: datetime) -> str:
    """What a purchase says of it: `Décidé par le comité du 30 mars 2027 (décision n° 2)`."""
    return f"Décidé par le comité du {committee_day(local_start)} (décision n°\u00a0{place})"


def decision_excerpt(content: str, longest: int = 120) -> str:
    """The beginning of a decision on one line."""
    line = " ".join(content.split())
    return line if len(line) <= longest else line[:longest].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def vote_words(decision: Decision) -> str:
    """`12 voix pour, 1 contre, 3 abstentions`; nothing where nobody voted."""
    said = []
    if decision.votes_for is not None:
        said.append(f"{number(decision.votes_for)}\u00a0pour")
    if decision.votes_against is not None:
        said.append(f"{number(decision.votes_against)}\u00a0contre")
    if decision.votes_abstained is not None:
        said.append(plural(decision.votes_abstained, "abstention"))
    return ", ".join(said)


def effect_words(
    act: Act, terms: Terms, *, members: Mapping[str, str] | None = None, charges: Mapping[str, str] | None = None
) -> str:
    """`Changer la date de clôture : mardi 30 mars 2027 à 18 h`. `members` are names by code (see `named_in`), `charges`
    labels by code.
    """
    label = ACT_WORDS[act]
    if isinstance(terms, Deadline):
        hour = f"{terms.closes_at.hour}\u00a0h" + (f"\u00a0{terms.closes_at:%M}" if terms.closes_at.minute else "")
        until = f"{date_long(terms.closes_on)} à {hour}"
        return f"{label} jusqu’au {until}" if act is Act.OPEN else f"{label} : {until}"
    if isinstance(terms, NewTerms):
        return f"{label} : {' ; '.join(_changes(terms, members or {}, charges or {}))}"
    return label


def named_in(terms: Terms) -> set[str]:
    """The codes of the members that the words name."""
    if not isinstance(terms, NewTerms):
        return set()
    given = [code for key in terms.keys.values() for code, _ in given_in(key, NAMED_AT_MOST)[0]]
    return {*given, terms.lead_member or ""} - {""}


def _changes(terms: NewTerms, members: Mapping[str, str], charges: Mapping[str, str]) -> list[str]:
    said = []
    if terms.lead_member:
        said.append(f"pilote {members.get(terms.lead_member, terms.lead_member)}")
    if terms.delivery_expected_on:
        said.append(f"livraison prévue le {date_long(terms.delivery_expected_on)}")
    for code, key in terms.keys.items():
        said.append(f"« {charges.get(code, code)} » réparti {in_words(key)}{_given(key, members)}")
    return said


def _given(key: Any, members: Mapping[str, str]) -> str:  # noqa: ANN401 - a key as JSON
    """` (Lugos 60 %, Salles 40 %)`, the largest first."""
    given, more = given_in(key, NAMED_AT_MOST)
    said = ", ".join(f"{members.get(code, code)}\u00a0{words}" for code, words in given)
    others = f" et {plural(more, 'autre')}" if more else ""
    return f" ({said}{others})" if said else ""


def act_consequences(act: Act, terms: Terms) -> list[str]:
    """What carrying it out brings about, for who is asked to confirm."""
    said = list(_CONSEQUENCES[act])
    if isinstance(terms, NewTerms):
        said = [] if not terms.keys else said
        if terms.lead_member:
            said.append(
                "Les acheteurs pilotes nommés jusqu’ici le restent ; le référent du nouveau pilote peut en nommer "
                "d’autres."
            )
        if terms.delivery_expected_on:
            said.append("La nouvelle date de livraison se lit sur la page de l’achat.")
    return [*said, "Le journal de l’achat renvoie à cette décision."]


def due_words(due_on: date, today: date) -> str:
    """`dans 3 jours`, `en retard de 5 jours`."""
    late = (today - due_on).days
    return f"en retard de {plural(late, 'jour')}" if late > 0 else relative_day(due_on, today)


_DID: Mapping[str, str] = {
    "purchase.open": "la collecte des besoins est ouverte",
    "purchase.closed": "la collecte des besoins est close",
    "purchase.cancelled": "l’achat est annulé",
    "purchase.terms_changed": "les conditions de l’achat ont changé",
    "collection.extended": "la date de clôture a changé",
    "charge.changed": "la clé de répartition de « {label} » a changé",
}


def effect_done(event: Event) -> str:
    """What an event that a decision caused did, as a sentence about the purchase."""
    after = event.details.get("after")
    label = after.get("label", "") if isinstance(after, dict) else ""
    return _DID.get(event.name, event.name).format(label=label)
