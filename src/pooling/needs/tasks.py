"""What needs leave to do: declarations to file, collections to run."""

from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.collections.models import Collection
from pooling.collections.queries import under_way
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member, Role
from pooling.members.rights import Caller
from pooling.members.task import Task
from pooling.needs.consolidating import still_counts
from pooling.needs.models import ConsolidationRecord, Declaration, DeclarationState
from pooling.needs.queries import declares
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.kind import Kind
from pooling.purchases.models import Item, Participation, Purchase, PurchaseState
from pooling.web.typography import of_name


async def declarations_to_file(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    members = caller.members_as(Role.REFERENT)
    if not members:
        return []
    filed, draft = aliased(Declaration), aliased(Declaration)
    rows = await session.execute(
        select(
            col(Purchase.reference),
            col(Purchase.title),
            col(Collection.closes_at),
            col(Member.code),
            col(Member.name),
            col(draft.id),
            col(filed.id),
        )
        .select_from(Participation)
        .join(Purchase, linked(Purchase.id, Participation.purchase_id))
        .join(Collection, linked(Collection.purchase_id, Participation.purchase_id))
        .join(Member, linked(Member.id, Participation.member_id))
        .outerjoin(draft, declares(draft, Participation, DeclarationState.DRAFT))
        .outerjoin(filed, declares(filed, Participation, DeclarationState.FILED))
        .where(
            any_of(col(Participation.member_id), members),
            *under_way(now),
            or_(col(filed.id).is_(None), col(draft.id).is_not(None)),
        )
    )
    return [
        Task(
            sentence=_to_declare(name, drafted=draft_id is not None, filed=filed_id is not None),
            context=f"{reference} · {title}",
            path=f"/achats/{reference}/besoins/{code}",
            button="Terminer et déposer"
            if draft_id and not filed_id
            else "Voir le brouillon"
            if filed_id
            else "Déclarer",
            due_at=closes_at,
        )
        for reference, title, closes_at, code, name, draft_id, filed_id in rows
    ]


def _to_declare(name: str, *, drafted: bool, filed: bool) -> str:
    if filed:
        return f"Déposer ou abandonner le brouillon qui modifie la déclaration {of_name(name)}"
    return f"Déposer le brouillon {of_name(name)}" if drafted else f"Déclarer les besoins {of_name(name)}"


async def purchases_to_run(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    led = caller.purchases_led()
    if not led:
        return []
    frozen = exists().where(
        linked(ConsolidationRecord.purchase_id, Purchase.id),
        still_counts(),
    )
    has_items = exists().where(linked(Item.purchase_id, Purchase.id))
    rows = await session.execute(
        select(
            col(Purchase.reference),
            col(Purchase.title),
            col(Purchase.state),
            col(Collection.closes_at),
            frozen,
            has_items,
            col(Purchase.kind),
        )
        .outerjoin(Collection, linked(Collection.purchase_id, Purchase.id))
        .where(any_of(col(Purchase.id), led))
    )
    tasks = (
        _task_to_run(reference, title, kind_of(kind), state, closes_at, now, is_frozen=is_frozen, has_items=found)
        for reference, title, state, closes_at, is_frozen, found, kind in rows
    )
    return [task for task in tasks if task is not None]


def _task_to_run(
    reference: str,
    title: str,
    kind: Kind,
    state: str,
    closes_at: datetime | None,
    now: datetime,
    *,
    is_frozen: bool,
    has_items: bool,
) -> Task | None:
    """What a purchase asks of its lead buyer where it stands."""
    base, context = f"/achats/{reference}", f"{reference} · {title}"
    if state == PurchaseState.DRAFT and not kind.collects:
        return Task("Vérifier la répartition des frais communs", context, f"{base}/couts", "Voir les coûts")
    if state == PurchaseState.DRAFT and not has_items:
        return Task("Ajouter les articles", context, f"{base}/articles", "Ajouter")
    if state == PurchaseState.DRAFT:
        return Task("Ouvrir la collecte des besoins", context, f"{base}/ouverture", "Ouvrir")
    if state == PurchaseState.OPEN and closes_at is not None:
        overdue = closes_at <= now
        return Task(
            "Clôturer la collecte des besoins" if overdue else "Suivre la collecte des besoins",
            context,
            f"{base}/besoins",
            "Voir les réponses",
            closes_at,
            "overdue" if overdue else "due",
        )
    if state == PurchaseState.CLOSED and not is_frozen:
        return Task("Figer la consolidation", context, f"{base}/consolidation", "Consolider")
    return None


async def open_collections(session: AsyncSession, now: datetime) -> list[tuple[str, str, datetime, int, int]]:
    """What others are expected to do: (reference, title, closing date, filed, participants) of open collections."""
    filed = (
        select(func.count())
        .where(
            linked(Declaration.purchase_id, Purchase.id),
            col(Declaration.state) == DeclarationState.FILED,
        )
        .scalar_subquery()
    )
    taking_part = select(func.count()).where(linked(Participation.purchase_id, Purchase.id)).scalar_subquery()
    rows = await session.execute(
        select(col(Purchase.reference), col(Purchase.title), col(Collection.closes_at), filed, taking_part)
        .join(Collection, linked(Collection.purchase_id, Purchase.id))
        .where(*under_way(now))
        .order_by(col(Collection.closes_at))
        .limit(20)
    )
    return [tuple(row) for row in rows]
