"""The charges and subsidies that a purchase begins with when it is prepared after another one."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.case import charges_of, subsidies_of
from pooling.allocation.editing.schemas import ChargeIn, SubsidyIn
from pooling.allocation.models import Charge, Subsidy
from pooling.kernel.database import group_of
from pooling.members.features import Copied


async def copy_lines(session: AsyncSession, copied: Copied) -> None:
    """Takes over what goes with the new purchase. Members that do not take part and items that it has not are left
    out; a line does not come when nothing of it is left, or when its key gives a percent to somebody who is gone.
    """
    own: dict[str, Any] = {"group_id": group_of(session), "purchase_id": copied.purchase_id}
    charges = set()
    for charge in await charges_of(session, copied.model_id):
        items, key, scope = _items(charge.items, copied), _key(charge.key, copied), charge.scope
        if isinstance(scope, list):
            scope = _members(scope, copied)
        if [] in (items, scope) or key is None:
            continue
        values: dict[str, Any] = {name: getattr(charge, name) for name in ChargeIn.__dataclass_fields__}
        session.add(
            Charge(**own, code=charge.code, **{**values, "items": items, "scope": scope, "key": key, "paid_by": None})
        )
        charges.add(charge.code)
    for subsidy in await subsidies_of(session, copied.model_id):
        items, members = _items(subsidy.items, copied), _members(subsidy.members, copied)
        counted = [code for code in subsidy.charges if code in charges]
        if (items == [] and not counted) or members == []:
            continue
        values = {name: getattr(subsidy, name) for name in SubsidyIn.__dataclass_fields__}
        values |= {"items": items, "charges": counted, "members": members}
        session.add(Subsidy(**own, code=subsidy.code, **values))
    await session.flush()


def _items(codes: list[str] | None, copied: Copied) -> list[str] | None:
    return None if codes is None else [copied.items[code] for code in codes if code in copied.items]


def _members(codes: list[str] | None, copied: Copied) -> list[str] | None:
    return None if codes is None else [code for code in codes if code in copied.members]


def _key(key: Any, copied: Copied) -> Any:  # noqa: ANN401 - a key as JSON
    """The key among those who take part; None where it cannot be one any more."""
    if not isinstance(key, dict):
        return key
    if "mix" in key:
        parts = [(part["percent"], _key(part["key"], copied)) for part in key["mix"]]
        kept = [{"percent": percent, "key": part} for percent, part in parts if part is not None]
        return {"mix": kept} if len(kept) == len(parts) else None
    ((kind, numbers),) = key.items()
    left = {code: number for code, number in numbers.items() if code in copied.members}
    return {kind: left} if left and (kind == "weights" or left == numbers) else None
