"""Who can be chosen on the demonstration's sign-in page: one person for each role worth seeing."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.demo.territory import BUYER, FACILITATOR, LEADING, READER, authorities, finance_of, referent_of
from pooling.kernel.tables import linked
from pooling.members.models import Member, Membership, Role
from pooling.purchases.models import Purchase

MAIN = ("referent@lugos", "achats@cobas", "finances@arcachon", "animation@bassin", "observation@bassin")
"""Shown first, in the order of the main job: declare, close, export, follow. The others are folded."""
WORDS = {
    Role.FACILITATOR: ("Animer le groupe", "suit toutes les collectes, prépare les comités"),
    Role.READER: ("Observer", "voit l’avancement et les coûts, ne modifie rien"),
    Role.REFERENT: ("Déclarer des besoins", "référent de"),
    Role.LEAD_BUYER: ("Piloter un achat", "acheteur pilote de"),
    Role.PURCHASING: ("Préparer un achat", "service des achats de"),
    Role.FINANCE: ("Vérifier les coûts", "service des finances de"),
}


@dataclass(frozen=True)
class DemoPerson:
    id: int
    email: str
    name: str
    title: str
    about: str
    main: bool
    """Shown first; the others are folded."""


_LUGOS = "213302607"


def people_to_come() -> list[DemoPerson]:
    """The main ones, as they will be shown, before there is a row of them."""
    names = {row["siren"]: row["name"] for row in authorities()}
    come = (
        (referent_of(_LUGOS), Role.REFERENT, names[_LUGOS]),
        (BUYER, Role.LEAD_BUYER, "plusieurs achats"),
        (finance_of(LEADING), Role.FINANCE, names[LEADING]),
        (FACILITATOR, Role.FACILITATOR, ""),
        (READER, Role.READER, ""),
    )
    return [_shown(0, email, "", role, [of_what]) for email, role, of_what in come]


async def people_to_enter_as(session: AsyncSession) -> list[DemoPerson]:
    """The fictional group's people with what each is there to show, the main ones first."""
    rows = await session.execute(
        select(
            col(Person.id),
            col(Person.email),
            col(Person.name),
            col(Membership.role),
            col(Member.name),
            col(Purchase.title),
        )
        .select_from(Membership)
        .join(Person, col(Person.id) == Membership.person_id)
        .outerjoin(Member, linked(Member.id, Membership.member_id))
        .outerjoin(Purchase, linked(Purchase.id, Membership.purchase_id))
        .where(col(Membership.ended_at).is_(None))
        .order_by(col(Membership.id))
    )
    found: dict[tuple[int, str, str, str], list[str]] = {}
    for person_id, email, name, role, member, purchase in rows:
        of_what = member or (f"« {purchase} »" if purchase else "")
        found.setdefault((person_id, email, name, role), []).append(of_what)
    people = [_shown(*person, of_what) for person, of_what in found.items()]
    return sorted(people, key=lambda person: _place(person.email))


async def administrators(session: AsyncSession) -> list[DemoPerson]:
    """Those of the installation, who need no role in a group."""
    rows = await session.execute(
        select(col(Person.id), col(Person.email), col(Person.name))
        .where(col(Person.administrator))
        .order_by(col(Person.id))
    )
    about = "crée, copie et archive des groupes, tient le catalogue des actions"
    return [DemoPerson(*row, "Administrer la plateforme", about, main=False) for row in rows]


def _shown(person_id: int, email: str, name: str, role: str, of_what: list[str]) -> DemoPerson:
    title, about = WORDS[Role(role)]
    about = f"{about} {', '.join(of_what)}".strip()
    return DemoPerson(person_id, email, name, title, about, main=_place(email) < len(MAIN))


def _place(email: str) -> int:
    name = email.rpartition(".")[0]
    return MAIN.index(name) if name in MAIN else len(MAIN)
