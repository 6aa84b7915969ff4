"""What else is said of an item: CPV, homogeneous family, account, nature, emissions, what it costs alone."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of, insert_many, one_row
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.slices import AnySelect
from pooling.kernel.tables import linked
from pooling.kernel.versions import OF_A_PAGE, check_version
from pooling.members.features import Copied
from pooling.members.groups import group_zone
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.models import Emission, Item, ItemDetails, ItemNature, Purchase
from pooling.purchases.permissions import may_edit
from pooling.purchases.rules import OVER
from pooling.purchases.schemas import NOTHING_SAID, DetailsIn
from pooling.web.typography import date_short, price

NATURES: Mapping[ItemNature, str] = {
    ItemNature.SUPPLY: "Fourniture",
    ItemNature.SERVICE: "Service",
    ItemNature.WORKS: "Travaux",
}
EMISSIONS: Mapping[Emission, str] = {
    Emission.VERY_LOW: "Très faibles émissions (électrique, hydrogène)",
    Emission.LOW: "Faibles émissions (50 g de CO₂ par km au plus)",
    Emission.OTHER: "Autre véhicule",
}
WORDS: Mapping[str, str] = {
    "cpv": "Code CPV",
    "family": "Famille homogène",
    "nature": "Nature",
    "emission": "Émissions",
    "account": "Compte par nature",
    "price_alone": "Prix seul",
    "price_source": "Source du prix seul",
    "priced_on": "Relevé le",
}
_COLUMNS = tuple(WORDS)


def in_words(said: DetailsIn) -> dict[str, str]:
    """By field, what is said; nothing where nothing is."""
    return {
        "cpv": said.cpv,
        "family": said.family,
        "nature": NATURES.get(said.nature, ""),
        "emission": EMISSIONS.get(said.emission, ""),
        "account": said.account,
        "price_alone": "" if said.price_alone is None else f"{price(said.price_alone)} HT",
        "price_source": said.price_source,
        "priced_on": date_short(said.priced_on) if said.priced_on else "",
    }


async def details_of(session: AsyncSession, purchase_id: int) -> dict[int, DetailsIn]:
    """By item; those of which nothing is said are left out."""
    found = await session.execute(_said().where(col(Item.purchase_id) == purchase_id))
    return {item_id: DetailsIn(**dict(zip(_COLUMNS, values, strict=True))) for item_id, *values in found}


def _said() -> AnySelect:
    columns = (col(ItemDetails.item_id), *(getattr(ItemDetails, name) for name in _COLUMNS))
    statement: AnySelect = select(*columns).join(Item, linked(Item.id, ItemDetails.item_id))
    return statement


async def details_of_item(session: AsyncSession, item_id: int) -> DetailsIn:
    row = (await session.execute(_said().where(col(Item.id) == item_id))).one_or_none()
    return NOTHING_SAID if row is None else DetailsIn(**dict(zip(_COLUMNS, row[1:], strict=True)))


async def write_details(session: AsyncSession, details: Mapping[int, DetailsIn]) -> None:
    """These, in place of what is said of these items."""
    changed = ", ".join(f"{column} = EXCLUDED.{column}" for column in _COLUMNS)
    await insert_many(
        session,
        ItemDetails,
        [{"item_id": item_id, **said.model_dump()} for item_id, said in details.items()],
        on_conflict=f"ON CONFLICT (group_id, item_id) DO UPDATE SET {changed}",
    )


async def describe_item(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    code: str,
    command: DetailsIn,
    now: datetime,
    *,
    shown: str | None = None,
) -> None:
    """Writes down what is said of an item, as long as its purchase is not over: nothing of it changes what anybody
    declares or pays. `shown` is the version that the person had before its eyes.

    Raises:
        NotFound: the purchase has no such item.
        Forbidden: the caller neither prepares nor runs it.
        Conflict: it is settled or cancelled, or somebody else has said otherwise since.
        Invalid: the price is of a day to come.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_edit.require(caller, purchase)
    require_under_way(purchase)
    item = await one_row(session, select(Item).where(col(Item.purchase_id) == purchase_id, col(Item.code) == code))
    if command.priced_on is not None and command.priced_on > now.astimezone(await group_zone(session)).date():
        raise Invalid({"priced_on": "Indiquez le jour où ce prix a été relevé : celui-ci est à venir."})
    before = await details_of_item(session, item.id)
    check_version(before.model_dump(), shown, OF_A_PAGE)
    was, said = in_words(before), in_words(command)
    changed = {name: [was[name] or None, said[name] or None] for name in said if was[name] != said[name]}
    if not changed:
        return
    await write_details(session, {item.id: command})
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="purchase.item_described",
        details={"item": item.name, "changed": changed},
    )


def require_under_way(purchase: Purchase) -> None:
    """Raises:
    Conflict: it is settled or cancelled.
    """
    if purchase.state in OVER:
        word = kind_of(purchase.kind).word(purchase.state).lower()
        raise Conflict(f"Cet achat est {word} : ses articles ne changent plus.", code="purchase_over")


async def copy_details(session: AsyncSession, copied: Copied) -> None:
    """What is said of the model's items, for those that go on."""
    columns = ", ".join(_COLUMNS)
    await session.execute(
        text(
            f"INSERT INTO item_details (group_id, item_id, {columns}) "  # noqa: S608 - names of columns, not input
            f"SELECT d.group_id, i.id, {', '.join(f'd.{column}' for column in _COLUMNS)} "
            "FROM unnest(CAST(:before AS text[]), CAST(:after AS text[])) AS c (was, becomes) "
            "JOIN items m ON m.group_id = :group AND m.purchase_id = :model AND m.code = c.was "
            "JOIN item_details d ON d.group_id = m.group_id AND d.item_id = m.id "
            "JOIN items i ON i.group_id = :group AND i.purchase_id = :purchase AND i.code = c.becomes "
            "ON CONFLICT DO NOTHING"
        ),
        {
            "before": list(copied.items),
            "after": list(copied.items.values()),
            "group": group_of(session),
            "model": copied.model_id,
            "purchase": copied.purchase_id,
        },
    )
