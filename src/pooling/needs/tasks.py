"""What needs leave to do: declarations to file, collections to run."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.collections.models import Collection
from pooling.collections.queries import under_way
from pooling.kernel.tables import any_of, linked
from pooling.members.features import features_for
from pooling.members.models import Member, Role
from pooling.members.rights import Caller
from pooling.members.task import Task
from pooling.needs.models import Declaration, DeclarationState
from pooling.needs.queries import declares
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.asking import Asking
from pooling.purchases.kinds.kind import Kind
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import Step
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.purchases.queries import has_items
from pooling.purchases.rules import OVER
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
            col(Purchase.kind),
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
            sentence=_to_declare(asking, name, drafted=draft_id is not None, filed=filed_id is not None),
            context=f"{reference} · {title}",
            path=f"/achats/{reference}{asking.section}/{code}",
            button="Terminer et déposer"
            if draft_id and not filed_id
            else "Voir le brouillon"
            if filed_id
            else asking.act,
            due_at=closes_at,
        )
        for reference, title, closes_at, code, name, draft_id, filed_id, kind in rows
        if (asking := kind_of(kind).asking)
    ]


def _to_declare(asking: Asking, name: str, *, drafted: bool, filed: bool) -> str:
    if filed:
        return f"Déposer ou abandonner le brouillon qui modifie la déclaration {of_name(name)}"
    if drafted:
        return f"Déposer le brouillon {of_name(name)}"
    return asking.files.format(member=name, of_member=of_name(name))


async def purchases_to_run(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """What each purchase that the caller runs asks of its lead buyer where it stands. One statement."""
    led = caller.purchases_led()
    if not led:
        return []
    facts = features_for(session).purchase_facts
    rows = await session.execute(
        select(Purchase, col(Collection.closes_at), has_items(), *(told() for told in facts.values()))
        .outerjoin(Collection, linked(Collection.purchase_id, Purchase.id))
        .where(any_of(col(Purchase.id), led), col(Purchase.state).not_in(OVER))
        .order_by(col(Purchase.id))
    )
    tasks = []
    for purchase, closes_at, found, *told in rows:
        kind = kind_of(purchase.kind)
        step = kind.next_step(purchase.state)
        if step is not None:
            tasks.append(_step_task(purchase, step, dict(zip(facts, told, strict=True))))
        elif kind.asking is not None:
            tasks.append(_collection_task(purchase, kind, kind.asking, closes_at, now, has_items=found))
    return tasks


def _collection_task(
    purchase: Purchase, kind: Kind, asking: Asking, closes_at: datetime | None, now: datetime, *, has_items: bool
) -> Task:
    """Until its collection is closed."""
    base, context = f"/achats/{purchase.reference}", f"{purchase.reference} · {purchase.title}"
    if purchase.state == PurchaseState.DRAFT and kind.has(Part.ITEMS) and not has_items:
        return Task("Ajouter les articles", context, f"{base}/articles", "Ajouter")
    if purchase.state == PurchaseState.DRAFT:
        return Task(f"Ouvrir la collecte {asking.collected}", context, f"{base}/ouverture", "Ouvrir")
    overdue = closes_at is not None and closes_at <= now
    return Task(
        f"{'Clôturer' if overdue else 'Suivre'} la collecte {asking.collected}",
        context,
        f"{base}{asking.section}",
        "Voir les réponses",
        closes_at,
        "overdue" if overdue else "due",
    )


def _step_task(purchase: Purchase, step: Step, told: Mapping[str, bool]) -> Task:
    """The step to take by hand, or what must be done before."""
    base, context = f"/achats/{purchase.reference}", f"{purchase.reference} · {purchase.title}"
    if lacking := next((fact for fact in step.facts if not told[fact.name]), None):
        return Task(lacking.task, context, base + lacking.path, lacking.button)
    due = purchase.delivery_expected_on if step.state == PurchaseState.DELIVERED else None
    return Task(step.label, context, f"{base}/etape", step.label.partition(" ")[0], due_on=due)


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
