"""Goods that the group bought in two years, from need to result: ordered, delivered, invoiced, shared, recovered,
settled. Suppliers, prices and documents are fictional.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling import BESIDE
from pooling.allocation.configuration import FinanceConfiguration, read_finance
from pooling.allocation.editing.lines import SUBSIDIES, add_line
from pooling.allocation.editing.schemas import SubsidyIn
from pooling.allocation.models import AllocationDebt, AllocationRecord
from pooling.allocation.records.freezing import freeze_allocation
from pooling.bills.deciding import accept_bill
from pooling.demo.actions import FIRST_BIKES, FIRST_CARS, KITS, LENT_DESKS, RACKS
from pooling.demo.buying import CYCLES, GARAGE, IMPRIMERIE, MOBILIER, bill_typed, confirm, gather, order, receive
from pooling.demo.history.telling import Past, Story
from pooling.demo.purchases import COBAN, COBAS, FICTIONAL_SOURCE, VAL_DE_L_EYRE, Stage, begin, codes_of
from pooling.demo.territory import BUYER, DOMAIN, finance_of
from pooling.indicators.configuration import read_indicators
from pooling.indicators.keeping import assume
from pooling.indicators.schemas import AssumptionIn
from pooling.kernel.database import insert_many
from pooling.kernel.events import Event
from pooling.kernel.tables import linked
from pooling.members.models import Member, Membership, Role
from pooling.needs.advancing import advance_purchase
from pooling.open_data.decp import Procedure
from pooling.open_data.keeping import describe_contract
from pooling.open_data.schemas import ContractIn
from pooling.orders.models import Order
from pooling.purchases.finding import item_ids
from pooling.purchases.models import Emission, ItemNature, Participation, PurchaseState
from pooling.purchases.schemas import DetailsIn, ItemIn, PurchaseIn
from pooling.recovery.keeping import NOTED
from pooling.recovery.models import EntryKind, RecoveryEntry
from pooling.satisfaction.models import Opinion

FIRST_RACKS = "Arceaux devant les écoles, première tranche"
BIKES = "Vélos et trottinettes de service"
POSTERS = "Affiches et panneaux de la semaine de la mobilité"
CARS = "Voitures électriques des services"
SHARED_DESKS = "Équipement des bureaux prêtés"
COBAN_BUYER = f"achats@coban.{DOMAIN}"
DEPARTMENT = "33"
ORDERED, DESCRIBED = 22, 43
"""Days after a purchase was prepared: its order leaves; what is public of its contract is said."""
SURVEY = "Enquête du groupe auprès des services (fictive)"
THOUGHT = (
    "Bien, mais prévenir plus tôt du jour de livraison.",
    "Conforme à ce que nous avions demandé.",
    "Le suivi était clair ; le titre est arrivé un peu tôt.",
    "Nous en reprendrions.",
)


@dataclass(frozen=True)
class Contracted:
    """A contract that is large enough to be public: its line in the list of a year, or its data."""

    procedure: Procedure
    offers: int
    published: bool = True
    """Whether its data are: what the list has needs none."""
    origin: tuple[int, int] | None = None
    """Of vehicles: the parts of the Union and of France, in percent."""


@dataclass(frozen=True)
class Bought:
    """Goods."""

    ago: int
    """When it was prepared."""
    arrives: int
    """So many days later; a first part ten days before."""
    title: str
    serves: str
    description: str
    lead: str
    buyer: str
    supplier: str
    items: Sequence[ItemIn]
    wanted: Callable[[int], Mapping[str, int]]
    """Units by item, of the member at this place."""
    delivery: int = 0
    subsidy: SubsidyIn | None = None
    assumed: Mapping[str, AssumptionIn] | None = None
    """Of the journeys that an item replaces."""
    participants: Callable[[str], bool] = bool
    pleases: int = 5
    """The best mark that it gets."""
    contract: Contracted | None = None


def _item(
    code: str,
    name: str,
    unit: str,
    price: str,
    alone: str,
    at: datetime,
    cpv: str,
    account: str,
    **more: Any,  # noqa: ANN401
) -> ItemIn:
    """What it costs alone is fictional, as its price."""
    details = {
        "cpv": cpv,
        "family": more.pop("family", ""),
        "account": account,
        "nature": ItemNature.SUPPLY,
        "emission": more.pop("emission", Emission.NO_VEHICLE),
        "price_alone": Decimal(alone),
        "price_source": FICTIONAL_SOURCE,
        "priced_on": at.date(),
    }
    return ItemIn(code=code, name=name, unit=unit, unit_price=Decimal(price), details=DetailsIn(**details), **more)


def _racks(past: Past) -> Bought:
    ago = 545
    at = past.ago(ago)
    return Bought(
        ago,
        95,
        FIRST_RACKS,
        RACKS,
        "Arceaux scellés, deux places chacun, devant les écoles et les mairies.",
        COBAS,
        BUYER,
        MOBILIER,
        (
            _item(
                "arceau",
                "Arceau posé",
                "arceau",
                "174.00",
                "205.00",
                at,
                "34928400-2",
                "2152",
                fctva=True,
                family="Mobilier urbain",
            ),
        ),
        lambda place: {"arceau": 4 + (place * 5) % 8} if place % 9 < 7 else {},  # noqa: PLR2004 - some need none
        delivery=48_000,
        subsidy=SubsidyIn(
            label="Aide au stationnement vélo (fictive)",
            rate=Decimal(30),
            cap_per_unit_cents=5_000,
            items=["arceau"],
        ),
        contract=Contracted(Procedure.NONE, offers=3, published=False),
    )


def _bikes(past: Past) -> Bought:
    ago = 535
    at = past.ago(ago)
    return Bought(
        ago,
        110,
        BIKES,
        FIRST_BIKES,
        "Pour les trajets de service de moins de cinq kilomètres.",
        COBAS,
        BUYER,
        CYCLES,
        (
            _item(
                "vae",
                "Vélo à assistance électrique",
                "vélo",
                "1760.00",
                "2080.00",
                at,
                "34422000-7",
                "21828",
                fctva=True,
                family="Cycles et accessoires",
            ),
            _item(
                "trottinette",
                "Trottinette électrique",
                "trottinette",
                "498.00",
                "560.00",
                at,
                "34422000-7",
                "21828",
                family="Cycles et accessoires",
            ),
        ),
        lambda place: {"vae": 1 + place % 3, "trottinette": (place * 3) % 4},
        delivery=22_000,
        assumed={"vae": AssumptionIn(replaced="petrol_car", replaced_by="e_bike", kilometres=900, source=SURVEY)},
        participants=lambda code: code.isdigit(),
        contract=Contracted(Procedure.ADAPTED, offers=4, origin=(70, 45)),
    )


def _posters(past: Past) -> Bought:
    ago = 450
    at = past.ago(ago)
    return Bought(
        ago,
        45,
        POSTERS,
        KITS,
        "Un modèle commun, au nom de chaque commune.",
        COBAN,
        COBAN_BUYER,
        IMPRIMERIE,
        (
            _item(
                "affiche",
                "Lot de 50 affiches",
                "lot",
                "62.00",
                "91.00",
                at,
                "79810000-5",
                "6236",
                family="Impression",
            ),
            _item(
                "panneau",
                "Panneau d’exposition",
                "panneau",
                "118.00",
                "149.00",
                at,
                "79810000-5",
                "6236",
                family="Impression",
            ),
        ),
        lambda place: {"affiche": 1 + place % 4, "panneau": place % 2},
        pleases=4,
    )


def _cars(past: Past) -> Bought:
    ago = 440
    at = past.ago(ago)
    return Bought(
        ago,
        150,
        CARS,
        FIRST_CARS,
        "Le renouvellement de l’année en une commande : électrique partout où il y a une borne.",
        COBAS,
        BUYER,
        GARAGE,
        (
            _item(
                "citadine",
                "Voiture électrique compacte",
                "véhicule",
                "20400.00",
                "22300.00",
                at,
                "34144900-7",
                "21828",
                fctva=True,
                family="Véhicules",
                emission=Emission.VERY_LOW,
            ),
            _item(
                "utilitaire",
                "Utilitaire thermique",
                "véhicule",
                "18900.00",
                "19800.00",
                at,
                "34136100-0",
                "21828",
                fctva=True,
                family="Véhicules",
                emission=Emission.OTHER,
            ),
        ),
        lambda place: {"citadine": 1 + place % 2, "utilitaire": int(place % 4 == 0)},
        assumed={
            "citadine": AssumptionIn(replaced="petrol_car", replaced_by="electric_car", kilometres=9_000, source=SURVEY)
        },
        participants=lambda code: code.isdigit(),
        contract=Contracted(Procedure.OPEN, offers=3, origin=(85, 60)),
    )


def _desks(past: Past) -> Bought:
    ago = 430
    at = past.ago(ago)
    return Bought(
        ago,
        70,
        SHARED_DESKS,
        LENT_DESKS,
        "Bureaux, sièges et écrans pour les pièces que les mairies prêtent.",
        VAL_DE_L_EYRE,
        BUYER,
        MOBILIER,
        (
            _item(
                "poste",
                "Bureau avec siège et écran",
                "poste",
                "402.00",
                "455.00",
                at,
                "39121100-7",
                "21848",
                family="Mobilier de bureau",
            ),
        ),
        lambda place: {"poste": 1 + place % 3},
        delivery=9_000,
        participants=lambda code: code.isdigit() and int(code) % 3 > 0,
    )


def goods(past: Past) -> list[Story]:
    finance = read_finance(BESIDE / "config")
    return [
        _story(past, bought, finance)
        for bought in (_racks(past), _bikes(past), _posters(past), _cars(past), _desks(past))
    ]


async def _story(past: Past, bought: Bought, finance: FinanceConfiguration) -> Story:
    session = past.session
    codes = [code for code in codes_of(past.territory) if bought.participants(code)]
    command = PurchaseIn(
        title=bought.title,
        description=bought.description,
        lead_member=bought.lead,
        participants=tuple(codes),
        items=tuple(bought.items),
        delivery_expected_on=past.ago(bought.ago - bought.arrives).date(),
    )

    def later(days: int) -> int:
        return bought.ago - days

    yield bought.ago
    stage = await begin(session, past.territory, command, past.ago(bought.ago), bought.buyer, bought.serves)
    if bought.subsidy is not None:
        await add_line(session, stage.buyer, stage.purchase.id, SUBSIDIES, bought.subsidy, stage.clock)
    yield later(3)
    await gather(stage, {code: dict(bought.wanted(place)) for place, code in enumerate(codes)})
    yield later(ORDERED)
    (ordered,) = await order(stage, bought.supplier, delivery=bought.delivery)
    promised = past.ago(later(bought.arrives))
    await confirm(stage, ordered, promised.date(), f"C-{promised.year}-{bought.ago} (fictif)")
    if bought.contract is not None:
        yield later(DESCRIBED)
        await _describe(stage, ordered, bought.contract, past.ago(later(ORDERED)), past.ago(later(DESCRIBED)), finance)
    buying = [code for place, code in enumerate(codes) if any(bought.wanted(place).values())]
    half = len(buying) // 2
    yield later(bought.arrives - 10)
    await receive(stage, ordered, past.ago(later(bought.arrives - 10)), f"BL-{bought.ago}-1", buying[:half])
    yield later(bought.arrives)
    await receive(stage, ordered, promised, f"BL-{bought.ago}-2", buying[half:])
    yield later(bought.arrives + 5)
    await _bill(stage, bought, ordered, codes, past.ago(later(bought.arrives + 5)))
    if bought.assumed:
        await _assume(past, stage, bought.assumed)
    yield later(bought.arrives + 10)
    stage.clock.instant = past.ago(later(bought.arrives + 10))
    await freeze(stage)
    await think(past, stage, bought.pleases)
    yield later(bought.arrives + 20)
    await recover(past, stage, bought.lead, titres_at=past.ago(later(bought.arrives + 20)))
    yield later(bought.arrives + 70)
    await settle(past, stage, later(bought.arrives + 70))


async def _describe(
    stage: Stage,
    made: Order,
    contract: Contracted,
    notified: datetime,
    at: datetime,
    finance: FinanceConfiguration,
) -> None:
    """By its lead, which has no place of its own that the data could begin with: it is no commune."""
    eu, france = contract.origin or (None, None)
    command = ContractIn(
        notified_on=notified.date(),
        identifier=stage.purchase.reference,
        months=6,
        procedure=contract.procedure,
        offers=contract.offers,
        place=DEPARTMENT,
        origin_eu=eu,
        origin_france=france,
        published_on=at.date() if contract.published else None,
    )
    await describe_contract(stage.session, stage.buyer, stage.purchase.id, made.supplier_id, 0, command, finance, at)


async def _bill(stage: Stage, bought: Bought, ordered: Order, codes: Sequence[str], at: datetime) -> None:
    units = {
        item.code: sum(bought.wanted(place).get(item.code, 0) for place in range(len(codes))) for item in bought.items
    }
    lines = [(item.name, units[item.code], item.unit_price, item.code) for item in bought.items]
    if bought.delivery:
        lines.append(("Livraison", 1, Decimal(bought.delivery) / 100, ""))
    bill = await bill_typed(stage, ordered, f"F-{at.year}-{bought.ago} (fictive)", lines, at)
    await accept_bill(stage.session, stage.buyer, stage.purchase.id, bill.id, at + timedelta(days=3))


async def freeze(stage: Stage) -> None:
    label = f"{stage.purchase.reference} {stage.purchase.title}"
    await freeze_allocation(stage.session, stage.buyer, stage.purchase.id, label, stage.clock)


async def settle(past: Past, stage: Stage, ago: int) -> None:
    stage.clock.instant = past.ago(ago)
    await advance_purchase(stage.session, stage.buyer, stage.purchase.id, PurchaseState.SETTLED, stage.clock)


async def _assume(past: Past, stage: Stage, assumed: Mapping[str, AssumptionIn]) -> None:
    configuration = read_indicators(BESIDE / "config")
    ids = await item_ids(stage.session, stage.purchase.id)
    for code, command in assumed.items():
        await assume(stage.session, past.facilitator, ids[code], command, configuration, stage.clock.instant)


async def recover(past: Past, stage: Stage, lead: str, *, titres_at: datetime) -> None:
    """What each member owes the lead by the record: a titre, and its payment a month later."""
    owed = await _debts(stage.session, stage.purchase.id)
    by, series = past.territory.people[finance_of(lead)], stage.purchase.reference.removeprefix("AG-")
    rows: list[dict[str, Any]] = [
        {
            "purchase_id": stage.purchase.id,
            "debtor_id": debtor,
            "creditor_id": creditor,
            "kind": str(kind),
            "dated_on": at.date(),
            "number": f"{kind[0].upper()}-{series}-{place:02d}",
            "due_on": (at + timedelta(days=30)).date() if kind is EntryKind.TITRE else None,
            "cents": cents,
            "noted_at": at,
            "noted_by": by,
            "withdrawn_because": "",
        }
        for kind, days in ((EntryKind.TITRE, 0), (EntryKind.PAYMENT, 28))
        for place, (debtor, creditor, cents) in enumerate(owed, start=1)
        for at in (titres_at + timedelta(days=days + (place % 5 if days else 0)),)
    ]
    await insert_many(stage.session, RecoveryEntry, rows)
    await insert_many(
        stage.session,
        Event,
        [
            event_row(
                stage,
                row["noted_at"],
                row["noted_by"],
                NOTED,
                {
                    "purchase_id": stage.purchase.id,
                    "member_id": row["debtor_id"],
                    **{name: row[name] for name in ("kind", "number", "cents")},
                },
            )
            for row in rows
        ],
    )


async def _debts(session: AsyncSession, purchase_id: int) -> list[tuple[int, int, int]]:
    """Debtor, creditor and cents, by the last record."""
    last = (
        select(col(AllocationRecord.id))
        .where(col(AllocationRecord.purchase_id) == purchase_id)
        .order_by(col(AllocationRecord.number).desc())
        .limit(1)
        .scalar_subquery()
    )
    ids = {code: key for code, key in await session.execute(select(col(Member.code), col(Member.id)))}
    rows = await session.execute(
        select(col(AllocationDebt.debtor), col(AllocationDebt.creditor), func.sum(col(AllocationDebt.cents)))
        .where(col(AllocationDebt.allocation_id) == last, col(AllocationDebt.creditor) != "")
        .group_by(col(AllocationDebt.debtor), col(AllocationDebt.creditor))
        .order_by(col(AllocationDebt.debtor))
    )
    return [(ids[debtor], ids[creditor], int(cents)) for debtor, creditor, cents in rows]


def event_row(
    stage: Stage, at: datetime, person_id: int | None, name: str, details: Mapping[str, object]
) -> Mapping[str, Any]:
    """Of the purchase, to be written with many others."""
    return {
        "at": at,
        "person_id": person_id,
        "subject_kind": "purchase",
        "subject_id": stage.purchase.id,
        "name": name,
        "details": json.dumps(details),
    }


async def think(past: Past, stage: Stage, best: int) -> None:
    """One in three of those who received something says what they think of it."""
    receivers = (
        select(col(Membership.person_id))
        .join(Participation, linked(Participation.member_id, Membership.member_id))
        .where(col(Participation.purchase_id) == stage.purchase.id, col(Membership.role) == Role.REFERENT)
        .order_by(col(Membership.person_id))
    )
    people = list((await past.session.execute(receivers)).scalars())
    rows = [
        {
            "purchase_id": stage.purchase.id,
            "person_id": person,
            "first": best - place % 2,
            "second": 4 - (place % 3 == 2),  # noqa: PLR2004 - some found it less simple
            "comment": THOUGHT[stage.purchase.id % len(THOUGHT)] if place == 1 else "",
            "given_at": stage.clock.instant + timedelta(hours=place),
        }
        for place, person in enumerate(people[::3])
    ]
    await insert_many(past.session, Opinion, rows)
