"""What is said of a contract is kept; and that its data were published."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.configuration import FinanceConfiguration
from pooling.kernel.database import group_of
from pooling.kernel.errors import Invalid
from pooling.kernel.events import record_event
from pooling.kernel.versions import check_version, version_of
from pooling.members.groups import group_zone
from pooling.members.rights import Caller
from pooling.open_data.contracts import Contract, contract_of
from pooling.open_data.models import ContractData
from pooling.open_data.schemas import ContractIn
from pooling.procurement.permissions import may_plan
from pooling.purchases.finding import lock_purchase

CONTRACT_DESCRIBED = "open_data.contract_described"
COLUMNS = ("notified_on", "amount_cents", "published_on")


def version_said(said: ContractIn | None) -> str:
    """Stands for what was shown; travels in the form, hidden."""
    return version_of(_content(said))


def _content(said: ContractIn | None) -> dict[str, Any]:
    return said.model_dump(mode="json") if said else {}


async def describe_contract(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    supplier_id: int,
    lot: int,
    command: ContractIn,
    finance: FinanceConfiguration,
    now: datetime,
    *,
    shown: str | None = None,
) -> Contract:
    """Writes down what the lead says. `shown` is the version that it had before its eyes.

    Raises:
        Forbidden: the caller does not plan this purchase.
        NotFound: nothing of this lot is awarded to this supplier.
        Invalid: a day that is to come.
        ChangedMeanwhile: somebody said something else.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_plan.require(caller, purchase)
    before = await contract_of(session, purchase, supplier_id, lot, finance, now)
    check_version(_content(before.said), shown)
    today = now.astimezone(await group_zone(session)).date()
    errors = {
        name: "Ce jour est à venir."
        for name in ("notified_on", "published_on")
        if (day := getattr(command, name)) is not None and day > today
    }
    if errors:
        raise Invalid(errors)
    if command == before.said:
        return before
    kept: dict[str, Any] = {
        **{name: getattr(command, name) for name in COLUMNS},
        "described_at": now,
        "worth_cents": max(before.known.amount if command.amount_cents is None else command.amount_cents, 0),
        "said": command.model_dump(mode="json", exclude={*COLUMNS}),
    }
    key = {"group_id": group_of(session), "purchase_id": purchase_id, "supplier_id": supplier_id, "lot": lot}
    await session.execute(
        insert(ContractData).values(**key, **kept).on_conflict_do_update(index_elements=list(key), set_=kept)
    )
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name=CONTRACT_DESCRIBED,
        details={"supplier": before.supplier, "published": command.published_on is not None},
    )
    return replace(before, said=command)
