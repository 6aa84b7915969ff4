"""What roles are called, and what each is for."""

from collections.abc import Mapping

from pooling.kernel.text import search_text
from pooling.members.models import Role

ROLE_WORDS: Mapping[Role, str] = {
    Role.FACILITATOR: "Animation du groupe",
    Role.READER: "Observation",
    Role.REFERENT: "Référent",
    Role.FINANCE: "Finances",
    Role.PURCHASING: "Achats",
    Role.LEAD_BUYER: "Acheteur pilote",
}
OF_GROUP: tuple[Role, ...] = (Role.FACILITATOR, Role.READER)
OF_MEMBER: tuple[Role, ...] = (Role.REFERENT, Role.FINANCE, Role.PURCHASING)

ROLE_CHOICES: tuple[tuple[str, str, str], ...] = (
    (Role.REFERENT, "Référent d’un membre", "Déclare les besoins de sa collectivité."),
    (Role.FINANCE, "Finances d’un membre", "Vérifie et télécharge qui paie quoi."),
    (Role.PURCHASING, "Achats d’un membre", "Prépare les achats groupés que sa collectivité pilote."),
    (Role.READER, "Observation", "Voit l’avancement du groupe, ne modifie rien. Pour une personne élue, par exemple."),
    (Role.FACILITATOR, "Animation du groupe", "Invite les personnes, règle le groupe, suit toutes les collectes."),
)
"""What a facilitator may give, with what it is for. A lead buyer is named on the purchase."""

_SPELLINGS: Mapping[Role, str] = {
    Role.FACILITATOR: "animation du groupe,animation,animateur,animatrice,facilitator",
    Role.READER: "observation,observateur,observatrice,élu,élue,reader",
    Role.REFERENT: "référent,référente,referent",
    Role.FINANCE: "finances,finance",
    Role.PURCHASING: "achats,achat,marchés,purchasing",
}
_BY_SPELLING = {search_text(word): role for role, words in _SPELLINGS.items() for word in words.split(",")}


def read_role(typed: str) -> Role | None:
    """The role that somebody wrote in a list; None when it is none."""
    return _BY_SPELLING.get(search_text(typed))
