"""Purchases of each kind at different stages, taken there by the people of the demonstration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.allocation.models import PARTICIPANTS, Charge, Subsidy
from pooling.allocation.records.freezing import freeze_allocation
from pooling.answers.schemas import AnswerIn
from pooling.deliveries.splitting import keep_split
from pooling.demo.actions import CARPOOL, KITS, NEXT_BIKES, NEXT_CARS, RACKS, STAFF_PRICE
from pooling.demo.filing import Answered, Filed, file_answers, file_declarations
from pooling.demo.sites import GUJAN_MESTRAS
from pooling.demo.territory import BUYER, DOMAIN, UNIVERSITY, Demonstration
from pooling.followups.keeping import keep_followup
from pooling.followups.schemas import DateIn, FollowUpIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.granting import grant_role
from pooling.members.models import Member, Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.cancelling import cancel_purchase
from pooling.needs.collection import close_collection, open_collection
from pooling.needs.declaring import save_draft
from pooling.needs.freezing import freeze_consolidation
from pooling.needs.schemas import DeclarationIn, DetailIn, NeedIn
from pooling.offers.publishing import keep_offer
from pooling.offers.schemas import OfferIn
from pooling.purchases.adding import add_purchase
from pooling.purchases.finding import item_ids
from pooling.purchases.kinds import life_of
from pooling.purchases.lots import arrange_lots
from pooling.purchases.models import ItemNature, Purchase, PurchaseKind, PurchaseState
from pooling.purchases.schemas import DetailsIn, ItemIn, LotIn, LotsIn, PurchaseIn, TierIn
from pooling.sites.queries import sites_of

COBAS, COBAN, VAL_DE_L_EYRE = "243300563", "243301504", "243301405"
SILENT = {"213300114", "213301997", "213302607", "UFR-STAPS", "BU"}
"""Who has not answered the open collection yet: Arès, Gujan-Mestras, Lugos and two components."""
DRAFTING = "213302607"
"""Lugos, the smallest commune, has begun a draft."""
FICTIONAL_SOURCE = "Prix fictif de la démonstration, pour une petite quantité"


WITHOUT_NEED = "213302847"
"""Mios answers that it needs none of the racks."""


SAID = {
    "213300098": {"arceau": ("Devant la gare, avant les vacances de printemps", "2026-BC-0147")},
    "213304983": {"arceau": ("École du Bourg : scellement sur enrobé", ""), "vae": ("", "2026-BC-0052")},
}
"""What Arcachon and Salles say of lines beside their units: a note, a number of engagement."""


SERVES = {
    "Kits de communication mobilité": KITS,
    "Vélos à assistance électrique": NEXT_BIKES,
    "Arceaux et abris à vélos": RACKS,
    "Plateforme de covoiturage domicile-travail": CARPOOL,
    "Vélos à prix négocié pour les agents (offre fictive)": STAFF_PRICE,
    "Fourgonnettes électriques d’une centrale d’achat (fictive)": NEXT_CARS,
    "Stations de gonflage": RACKS,
}
"""By the title of a purchase, the title of the action that it serves."""


@dataclass
class Stage:
    """One purchase being played: who runs it, and what time it is."""

    session: AsyncSession
    territory: Demonstration
    purchase: Purchase
    buyer: Caller
    clock: FixedClock


async def make_purchases(database: Database, territory: Demonstration, now: datetime) -> None:
    async with database.transaction(territory.group_id) as session:
        await _communication_kits(session, territory, now)
        await _electric_bikes(session, territory, now)
        await _bike_racks(session, territory, now)
        await _carpool_platform(session, territory, now)
        await _bikes_for_staff(session, territory, now)
        await _vans_elsewhere(session, territory, now)
        await _counters_in_preparation(session, territory, now)
        await _scooters_given_up(session, territory, now)


async def begin(
    session: AsyncSession, territory: Demonstration, command: PurchaseIn, at: datetime, buyer: str, serves: str = ""
) -> Stage:
    """`serves` is the title of its action, where `SERVES` does not say so."""
    title = serves or SERVES.get(command.title)
    action = ""
    if title:
        found = await session.execute(select(col(Action.reference)).where(col(Action.title) == title))
        action = found.scalar_one()
    purchase = await add_purchase(session, command.model_copy(update={"action": action}), at, None)
    person = territory.people[buyer]
    await grant_role(session, person, Role.LEAD_BUYER, at, purchase_id=purchase.id)
    caller = Caller(person, territory.group_id, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase.id),))
    return Stage(session, territory, purchase, caller, FixedClock(at))


def as_referent(territory: Demonstration, code: str) -> Caller:
    held = HeldRole(Role.REFERENT, member_id=territory.members[code])
    return Caller(territory.referent(code), territory.group_id, (held,))


async def declare(stage: Stage, at: datetime, quantities: Mapping[str, Mapping[str, int]], draft: str = "") -> None:
    """Files these quantities (member → item → units), an hour apart; the member `draft` only keeps a draft."""
    items = await item_ids(stage.session, stage.purchase.id)
    filed = []
    for place, (code, wanted) in enumerate(quantities.items()):
        command = DeclarationIn(
            member_id=stage.territory.members[code],
            details=tuple(
                DetailIn(item_id=items[item], note=note, engagement=engagement)
                for item, (note, engagement) in SAID.get(code, {}).items()
                if item in items and wanted.get(item)
            ),
            needs=tuple(
                NeedIn(item_id=items[item], quantity=units, up_to=units + wanted.get(f"{item}+", 0))
                for item, units in wanted.items()
                if not item.endswith("+")
            ),
        )
        stage.clock.instant = at + timedelta(hours=place)
        if code == draft:
            await save_draft(stage.session, as_referent(stage.territory, code), stage.purchase.id, command, stage.clock)
        else:
            filed.append(Filed(stage.territory.referent(code), stage.clock.instant, command))
    await file_declarations(stage.session, stage.purchase.id, list(items.values()), filed)


async def answer(stage: Stage, at: datetime, answers: Mapping[str, int | None]) -> None:
    """Members say, some hours apart, for how many agents they take part; None: they do not."""
    answered = [
        Answered(
            stage.territory.referent(code),
            at + timedelta(hours=5 * place),
            AnswerIn(member_id=stage.territory.members[code], takes_part=agents is not None, agents=agents),
        )
        for place, (code, agents) in enumerate(answers.items())
    ]
    await file_answers(stage.session, stage.purchase.id, answered)


async def _wish(stage: Stage, code: str, at: datetime) -> None:
    """What this member declares is to go half to each of its sites."""
    member = await stage.session.get_one(Member, (stage.territory.group_id, stage.territory.members[code]))
    referent = Caller(
        stage.territory.referent(code), stage.territory.group_id, (HeldRole(Role.REFERENT, member_id=member.id),)
    )
    halves = {site.id: 1 for site in await sites_of(stage.session, member.id)}
    items = await item_ids(stage.session, stage.purchase.id)
    wanted = [(item_id, halves) for item_id in items.values()]
    await keep_split(stage.session, referent, stage.purchase.id, member, wanted, at)


async def open_for(stage: Stage, at: datetime, closes_at: datetime) -> None:
    stage.clock.instant = at
    await open_collection(stage.session, stage.buyer, stage.purchase.id, closes_at, stage.clock)


async def close(stage: Stage, at: datetime) -> None:
    stage.clock.instant = at
    await close_collection(stage.session, stage.buyer, stage.purchase.id, stage.clock)


def step(stage: Stage, state: PurchaseState, at: datetime) -> None:
    life_of(stage.purchase).move(stage.session, stage.purchase, state, at=at, person_id=stage.buyer.person_id)


def codes_of(territory: Demonstration) -> list[str]:
    return [code for code in territory.members if code != UNIVERSITY]


async def _communication_kits(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """Delivered and allocated, with a delivery charge shared equally by those who take kits."""
    at = now - timedelta(days=150)
    command = PurchaseIn(
        title="Kits de communication mobilité",
        description="Affiches, dépliants et kakémonos du plan de mobilité commun, au même modèle pour tous.",
        lead_member=COBAN,
        items=(
            ItemIn(
                code="kit",
                name="Kit de communication",
                description="20 affiches, 500 dépliants, un kakémono",
                unit="kit",
                unit_price=Decimal(350),
                details=_filed_alike("Impression", "79810000-5", "6236", Decimal(410), at),
            ),
        ),
        delivery_expected_on=(now - timedelta(days=30)).date(),
    )
    stage = await begin(session, territory, command, at, f"achats@coban.{DOMAIN}")
    session.add(
        Charge(
            group_id=territory.group_id,
            purchase_id=stage.purchase.id,
            code="livraison",
            label="Livraison sur site",
            amount_cents=62_000,
            vat_rate=Decimal(20),
            key="equal",
            scope=PARTICIPANTS,
        )
    )
    await open_for(stage, at + timedelta(days=5), at + timedelta(days=26))
    wanted = {code: {"kit": 1 + place % 4} for place, code in enumerate(codes_of(territory)) if place % 6}
    await declare(stage, at + timedelta(days=6), wanted)
    await close(stage, at + timedelta(days=26))
    stage.clock.instant = at + timedelta(days=27)
    await freeze_consolidation(session, stage.buyer, stage.purchase.id, stage.clock, options={})
    step(stage, PurchaseState.ORDERED, at + timedelta(days=40))
    step(stage, PurchaseState.DELIVERED, at + timedelta(days=118))
    stage.clock.instant = at + timedelta(days=120)
    label = f"{stage.purchase.reference} {stage.purchase.title}"
    await freeze_allocation(session, stage.buyer, stage.purchase.id, label, stage.clock)


def _filed_alike(family: str, cpv: str, account: str, alone: Decimal, at: datetime) -> DetailsIn:
    """What else is said of a supply; what it costs alone is fictional, as all prices here."""
    return DetailsIn(
        cpv=cpv,
        family=family,
        account=account,
        nature=ItemNature.SUPPLY,
        price_alone=alone,
        price_source=FICTIONAL_SOURCE,
        priced_on=at.date(),
    )


async def _electric_bikes(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """Closed and consolidated: tolerance reaches a price tier, and a discount in percent is shared."""
    at = now - timedelta(days=60)
    command = PurchaseIn(
        title="Vélos à assistance électrique",
        description="Vélos de service pour les déplacements professionnels de moins de 10 km.",
        lead_member=COBAS,
        items=(
            ItemIn(
                code="vae",
                name="VAE de service",
                description="Moteur central, batterie 500 Wh, antivol, deux sacoches",
                unit="vélo",
                unit_price=Decimal(1900),
                fctva=True,
                details=_filed_alike("Cycles et accessoires", "34422000-7", "21828", Decimal(2150), at),
                tiers=(
                    TierIn(from_quantity=30, unit_price=Decimal(1790)),
                    TierIn(from_quantity=60, unit_price=Decimal(1690)),
                ),
            ),
            ItemIn(
                code="cargo",
                name="Vélo cargo électrique",
                description="Biporteur, charge utile 100 kg",
                unit="vélo",
                unit_price=Decimal(4800),
                fctva=True,
                details=_filed_alike("Cycles et accessoires", "34422000-7", "21828", Decimal(5400), at),
            ),
        ),
        delivery_expected_on=(now + timedelta(days=75)).date(),
    )
    stage = await begin(session, territory, command, at, BUYER)
    lots = LotsIn(
        lots=(
            LotIn(number=1, title="Vélos de service", cpv="34422000-7", items=("vae",)),
            LotIn(number=2, title="Vélos cargo", cpv="34422000-7", items=("cargo",)),
        )
    )
    await arrange_lots(session, stage.buyer, stage.purchase.id, lots, at)
    await open_for(stage, at + timedelta(days=3), at + timedelta(days=38))
    session.add(
        Charge(
            group_id=territory.group_id,
            purchase_id=stage.purchase.id,
            code="remise",
            label="Remise pour commande groupée",
            percent=Decimal("-1.5"),
            vat_rate=Decimal(20),
            key="amount",
            scope=PARTICIPANTS,
            fctva=True,
        )
    )
    wanted = {
        code: {"vae": 1 + (place * 7) % 4, "vae+": place % 2, "cargo": 1 if place % 9 == 0 else 0}
        for place, code in enumerate(codes_of(territory))
        if place % 5
    }
    await declare(stage, at + timedelta(days=5), wanted)
    await _wish(stage, GUJAN_MESTRAS, at + timedelta(days=6))
    await close(stage, at + timedelta(days=38))
    stage.clock.instant = at + timedelta(days=40)
    await freeze_consolidation(session, stage.buyer, stage.purchase.id, stage.clock, options={})


async def _bike_racks(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """Open, with some declarations missing."""
    at = now - timedelta(days=20)
    command = PurchaseIn(
        title="Arceaux et abris à vélos",
        description="Stationnement vélo devant les mairies, écoles et gares : fourniture et pose.",
        lead_member=COBAS,
        items=(
            ItemIn(
                code="arceau",
                name="Arceau posé",
                description="Acier galvanisé, deux places, scellement compris",
                unit="arceau",
                unit_price=Decimal(180),
                fctva=True,
                pack=5,
                details=_filed_alike("Mobilier urbain", "34928400-2", "2152", Decimal("207.5"), at),
                tiers=(
                    TierIn(from_quantity=100, unit_price=Decimal(165)),
                    TierIn(from_quantity=250, unit_price=Decimal(150)),
                ),
            ),
            ItemIn(
                code="abri",
                name="Abri de 10 places",
                description="Couvert, éclairé, prêt à poser sur dalle",
                unit="abri",
                unit_price=Decimal(14000),
                fctva=True,
                details=_filed_alike("Mobilier urbain", "34928400-2", "2152", Decimal(15800), at),
            ),
        ),
        delivery_expected_on=(now + timedelta(days=110)).date(),
    )
    stage = await begin(session, territory, command, at, BUYER)
    session.add(
        Subsidy(
            group_id=territory.group_id,
            purchase_id=stage.purchase.id,
            code="aide-stationnement",
            label="Aide au stationnement vélo (fictive)",
            rate=Decimal(40),
            cap_per_unit_cents=6_000,
            items=["arceau"],
        )
    )
    evening = (now + timedelta(days=12)).replace(hour=17, minute=0, second=0, microsecond=0)
    await open_for(stage, at + timedelta(days=2), evening)
    answered = {
        code: {
            "arceau": 3 + (place * 5) % 17,
            "arceau+": 2 if place % 3 == 0 else 0,
            "abri": int(not (place + 5) % 8),
        }
        for place, code in enumerate(codes_of(territory))
        if code not in SILENT
    }
    answered[WITHOUT_NEED] = {}
    await declare(stage, at + timedelta(days=4), {**answered, DRAFTING: {"arceau": 4}}, draft=DRAFTING)


async def _carpool_platform(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """A service: a yearly subscription, shared by those who take part half equally, half by agents. Open, with some
    answers missing.
    """
    at = now - timedelta(days=35)
    authorities = [code for code in codes_of(territory) if code.isdigit()]
    command = PurchaseIn(
        title="Plateforme de covoiturage domicile-travail",
        kind=PurchaseKind.SERVICE,
        description="Abonnement annuel commun, ouvert aux agents de toutes les collectivités participantes.",
        lead_member=VAL_DE_L_EYRE,
        participants=tuple(authorities),
    )
    stage = await begin(session, territory, command, at, BUYER)
    key = {"mix": [{"percent": "50", "key": "equal"}, {"percent": "50", "key": "agents"}]}
    for code, label, cents in (
        ("abonnement", "Abonnement annuel", 900_000),
        ("mise-en-service", "Mise en service et formation", 120_000),
    ):
        session.add(
            Charge(
                group_id=territory.group_id,
                purchase_id=stage.purchase.id,
                code=code,
                label=label,
                amount_cents=cents,
                vat_rate=Decimal(20),
                key=key,
            )
        )
    await session.flush()
    evening = (now + timedelta(days=20)).replace(hour=17, minute=0, second=0, microsecond=0)
    await open_for(stage, at + timedelta(days=5), evening)
    answers = {
        code: 20 + 7 * place if place % 6 else None
        for place, code in enumerate(authorities)
        if code not in SILENT and code != DRAFTING
    }
    await answer(stage, at + timedelta(days=6), answers)


async def _bikes_for_staff(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """An offer to staff that is published: a shop's price for the agents, who pay themselves."""
    at = now - timedelta(days=70)
    command = PurchaseIn(
        title="Vélos à prix négocié pour les agents (offre fictive)",
        kind=PurchaseKind.STAFF_OFFER,
        description="Un magasin du territoire accorde un prix aux agents qui achètent leur vélo pour venir travailler.",
        lead_member=COBAN,
        items=(
            ItemIn(code="vae", name="Vélo à assistance électrique", unit_price=Decimal(1500)),
            ItemIn(code="antivol", name="Antivol certifié", unit_price=Decimal(60)),
        ),
    )
    stage = await begin(session, territory, command, at, f"achats@coban.{DOMAIN}")
    await open_for(stage, at + timedelta(days=2), at + timedelta(days=30))
    codes = [code for code in codes_of(territory) if code not in SILENT]
    wanted = {code: {"vae": place % 5, "antivol": place % 7} for place, code in enumerate(codes)}
    await declare(stage, at + timedelta(days=3), wanted)
    await close(stage, at + timedelta(days=30))
    terms = OfferIn(
        supplier="Cycles du Bassin (magasin fictif)",
        valid_from=(now - timedelta(days=20)).date(),
        valid_until=(now + timedelta(days=40)).date(),
        conditions="Prix fictifs. Un vélo par agent, sur présentation de la carte professionnelle. Garantie deux ans.",
        claiming="En magasin, avec le code AGENTS-BASSIN.",
        prices={"vae": 162_000, "antivol": 5_900},
    )
    published = now - timedelta(days=20)
    await keep_offer(session, stage.buyer, stage.purchase.id, terms, published)
    step(stage, PurchaseState.ORDERED, published)


async def _vans_elsewhere(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """Run by a central purchasing body: the group keeps its days."""
    at = now - timedelta(days=15)
    command = PurchaseIn(
        title="Fourgonnettes électriques d’une centrale d’achat (fictive)",
        kind=PurchaseKind.OUTSIDE,
        description="Le marché est celui de la centrale : chaque membre commande chez elle, le groupe suit les dates.",
        lead_member=VAL_DE_L_EYRE,
    )
    stage = await begin(session, territory, command, at, BUYER)
    known = FollowUpIn(
        organiser="Une centrale d’achat (fictive)",
        joining="Adhérez à la centrale, puis envoyez-lui votre commande avant la date limite. Prix et dates fictifs.",
        dates=(
            DateIn(day=(now + timedelta(days=10)).date(), label="Fin des adhésions"),
            DateIn(day=(now + timedelta(days=45)).date(), label="Dernier jour pour commander"),
            DateIn(day=(now + timedelta(days=200)).date(), label="Livraisons"),
        ),
    )
    await keep_followup(session, stage.buyer, stage.purchase.id, known, at)
    step(stage, PurchaseState.ORDERED, at + timedelta(days=1))


async def _counters_in_preparation(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """In preparation: nobody is asked yet."""
    command = PurchaseIn(
        title="Compteurs de passages à vélo",
        description="À préciser avec les services techniques : trois communes en ont déjà posé.",
        lead_member=COBAS,
        items=(
            ItemIn(code="compteur", name="Compteur sur mât", unit="compteur", unit_price=Decimal(2900), fctva=True),
        ),
    )
    await begin(session, territory, command, now - timedelta(days=3), BUYER)


async def _scooters_given_up(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """Given up while three members were asked."""
    at = now - timedelta(days=110)
    command = PurchaseIn(
        title="Trottinettes pour les déplacements de service",
        lead_member=COBAN,
        participants=tuple(codes_of(territory)[:3]),
        items=(ItemIn(code="trottinette", name="Trottinette", unit_price=Decimal(480)),),
    )
    stage = await begin(session, territory, command, at, f"achats@coban.{DOMAIN}")
    await open_for(stage, at + timedelta(days=2), at + timedelta(days=30))
    stage.clock.instant = at + timedelta(days=9)
    reason = "Peu d’agents en veulent, et les assureurs des communes ne les couvrent pas."
    await cancel_purchase(session, stage.buyer, stage.purchase.id, stage.clock, reason=reason)
