"""À faire: what is expected of the caller, by when. A fixed number of statements whatever the group's size."""

from datetime import datetime

from sqlalchemy import and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.allocation.models import Allocation
from pooling.committees.models import Answer, Committee, CommitteeState, Invitation
from pooling.home.committee_tasks import decisions_to_apply, decisions_to_follow, minutes_to_write
from pooling.home.task import Task
from pooling.members.asking import count_pending
from pooling.members.models import Member, Role
from pooling.members.rights import Caller, Right
from pooling.needs.consolidating import still_counts
from pooling.needs.models import Consolidation, Declaration, DeclarationState
from pooling.purchases.models import Item, Participation, Purchase, PurchaseState
from pooling.purchases.queries import is_member
from pooling.web.typography import plural


async def tasks_of(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """What is expected of this person, the most urgent first."""
    to_apply = await decisions_to_apply(session, caller)
    asked = {task.path for task in to_apply}
    tasks = [
        *await _declarations(session, caller, now),
        *await _purchases_to_run(session, caller, now),
        *await _files_to_fetch(session, caller),
        *await _committees(session, caller, now),
        *await minutes_to_write(session, caller, now),
        *to_apply,
        *(
            task
            for task in await decisions_to_follow(session, caller, now)
            if f"{task.path}/application" not in asked  # one thing to do, one card
        ),
        *await _requests(session, caller),
    ]
    return sorted(tasks, key=lambda task: (task.due_at is None, task.due_at or now, task.path))


async def _declarations(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    members = caller.members_as(Role.REFERENT)
    if not members:
        return []
    filed, draft = aliased(Declaration), aliased(Declaration)
    rows = await session.execute(
        select(
            col(Purchase.reference),
            col(Purchase.title),
            col(Purchase.closes_at),
            col(Member.code),
            col(Member.name),
            col(draft.id),
        )
        .select_from(Participation)
        .join(
            Purchase,
            and_(
                col(Purchase.group_id) == Participation.group_id,
                col(Purchase.id) == Participation.purchase_id,
            ),
        )
        .join(Member, is_member(Participation.group_id, Participation.member_id))
        .outerjoin(
            draft,
            and_(
                col(draft.group_id) == Participation.group_id,
                col(draft.purchase_id) == Participation.purchase_id,
                col(draft.member_id) == Participation.member_id,
                col(draft.state) == DeclarationState.DRAFT,
            ),
        )
        .where(
            col(Participation.member_id).in_(members),
            col(Purchase.state) == PurchaseState.OPEN,
            col(Purchase.closes_at) > now,
            ~exists().where(
                col(filed.group_id) == Participation.group_id,
                col(filed.purchase_id) == Participation.purchase_id,
                col(filed.member_id) == Participation.member_id,
                col(filed.state) == DeclarationState.FILED,
            ),
        )
    )
    return [
        Task(
            sentence=f"Déposer le brouillon de {name}" if draft_id else f"Déclarer les besoins de {name}",
            context=f"{reference} · {title}",
            path=f"/achats/{reference}/besoins/{code}",
            button="Terminer et déposer" if draft_id else "Déclarer",
            due_at=closes_at,
        )
        for reference, title, closes_at, code, name, draft_id in rows
    ]


async def _purchases_to_run(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    led = caller.purchases_led()
    if not led:
        return []
    frozen = exists().where(
        col(Consolidation.group_id) == Purchase.group_id,
        col(Consolidation.purchase_id) == Purchase.id,
        still_counts(),
    )
    has_items = exists().where(col(Item.group_id) == Purchase.group_id, col(Item.purchase_id) == Purchase.id)
    rows = await session.execute(
        select(
            col(Purchase.reference),
            col(Purchase.title),
            col(Purchase.state),
            col(Purchase.closes_at),
            frozen,
            has_items,
        ).where(col(Purchase.id).in_(led))
    )
    tasks = (
        _task_to_run(reference, title, state, closes_at, now, is_frozen=is_frozen, has_items=collects)
        for reference, title, state, closes_at, is_frozen, collects in rows
    )
    return [task for task in tasks if task is not None]


def _task_to_run(
    reference: str,
    title: str,
    state: str,
    closes_at: datetime | None,
    now: datetime,
    *,
    is_frozen: bool,
    has_items: bool,
) -> Task | None:
    """What a purchase asks of its lead buyer where it stands."""
    base, context = f"/achats/{reference}", f"{reference} · {title}"
    if state == PurchaseState.DRAFT and not has_items:
        return Task("Vérifier la répartition des frais communs", context, f"{base}/couts", "Voir les coûts")
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


async def _files_to_fetch(session: AsyncSession, caller: Caller) -> list[Task]:
    """Finance officers find the allocations of the purchases that their member takes part in."""
    members = caller.members_as(Role.FINANCE)
    if not members:
        return []
    latest = (
        select(col(Allocation.group_id), col(Allocation.purchase_id), func.max(col(Allocation.number)).label("number"))
        .group_by(col(Allocation.group_id), col(Allocation.purchase_id))
        .subquery()
    )
    rows = await session.execute(
        select(col(Purchase.reference), col(Purchase.title), latest.c.number)
        .join(latest, and_(latest.c.group_id == Purchase.group_id, latest.c.purchase_id == Purchase.id))
        .where(
            col(Purchase.state).not_in([PurchaseState.SETTLED, PurchaseState.CANCELLED]),
            exists().where(
                col(Participation.group_id) == Purchase.group_id,
                col(Participation.purchase_id) == Purchase.id,
                col(Participation.member_id).in_(members),
            ),
        )
    )
    return [
        Task(
            f"Télécharger l’état de répartition n° {number}",
            f"{reference} · {title}",
            f"/achats/{reference}/couts",
            "Voir les coûts",
        )
        for reference, title, number in rows
    ]


async def _committees(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    rows = await session.execute(
        select(
            col(Committee.id),
            col(Committee.title),
            col(Committee.place),
            col(Committee.starts_at),
            col(Invitation.answer),
        )
        .join(
            Invitation,
            and_(col(Invitation.group_id) == Committee.group_id, col(Invitation.committee_id) == Committee.id),
        )
        .where(
            col(Invitation.person_id) == caller.person_id,
            col(Committee.state).in_([CommitteeState.PLANNED, CommitteeState.CONVENED]),
            col(Committee.starts_at) > now,
            # Who does not come has nothing to prepare.
            func.coalesce(col(Invitation.answer), Answer.YES) == Answer.YES,
        )
        .order_by(col(Committee.starts_at))
        .limit(3)
    )
    return [
        Task(f"Préparer : {title}", place, f"/comites/{committee_id}", "Voir l’ordre du jour", starts_at)
        if answer
        else Task(
            f"Répondre à l’invitation : {title}", place, f"/comites/{committee_id}/reponse", "Répondre", starts_at
        )
        for committee_id, title, place, starts_at, answer in rows
    ]


async def _requests(session: AsyncSession, caller: Caller) -> list[Task]:
    waiting = await count_pending(session) if caller.may(Right.MANAGE_MEMBERS) else 0
    if not waiting:
        return []
    sentence = f"Répondre à {plural(waiting, 'demande')} d’accès"
    return [Task(sentence, "Membres", "/demandes", "Voir les demandes")]


async def open_collections(session: AsyncSession, now: datetime) -> list[tuple[str, str, datetime, int, int]]:
    """What others are expected to do: (reference, title, closing date, filed, participants) of open collections."""
    filed = (
        select(func.count())
        .where(
            col(Declaration.group_id) == Purchase.group_id,
            col(Declaration.purchase_id) == Purchase.id,
            col(Declaration.state) == DeclarationState.FILED,
        )
        .scalar_subquery()
    )
    taking_part = (
        select(func.count())
        .where(col(Participation.group_id) == Purchase.group_id, col(Participation.purchase_id) == Purchase.id)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(col(Purchase.reference), col(Purchase.title), col(Purchase.closes_at), filed, taking_part)
        .where(col(Purchase.state) == PurchaseState.OPEN, col(Purchase.closes_at) > now)
        .order_by(col(Purchase.closes_at))
        .limit(20)
    )
    return [tuple(row) for row in rows]
