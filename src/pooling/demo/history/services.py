"""What the group had together without buying goods: a year of a carpool platform, a shop's price for the agents. Both
from need to result; suppliers and prices are fictional.
"""

from datetime import timedelta
from decimal import Decimal

from pooling.allocation.editing.lines import CHARGES, add_line
from pooling.allocation.editing.schemas import ChargeIn
from pooling.demo.actions import CARPOOL, STAFF_PRICE
from pooling.demo.history.goods import COBAN_BUYER, event_row, freeze, recover, settle, think
from pooling.demo.history.telling import Past, Story
from pooling.demo.purchases import COBAN, answer, begin, close, codes_of, declare, open_for
from pooling.kernel.database import insert_many
from pooling.kernel.events import Event
from pooling.needs.advancing import advance_purchase
from pooling.offers.models import Uptake
from pooling.offers.publishing import keep_offer
from pooling.offers.schemas import OfferIn
from pooling.purchases.finding import item_ids
from pooling.purchases.models import PurchaseKind, PurchaseState
from pooling.purchases.schemas import ItemIn, PurchaseIn

TRIAL = "Plateforme de covoiturage, année d’essai"
FIRST_OFFER = "Vélos à prix négocié pour les agents, première offre (fictive)"
_CHARGES = (("Abonnement d’un an", 780_000), ("Animation : trois défis dans l’année", 140_000))


async def trial(past: Past) -> Story:
    """A service: members say whether they take part, agree on who pays what, and share it."""
    session = past.session
    codes = [code for code in codes_of(past.territory) if code.isdigit()][:14]
    yield 540
    command = PurchaseIn(
        title=TRIAL,
        kind=PurchaseKind.SERVICE,
        description="Un an pour savoir si les agents s’en servent.",
        lead_member=COBAN,
        participants=tuple(codes),
    )
    stage = await begin(session, past.territory, command, past.ago(540), COBAN_BUYER, CARPOOL)
    for label, cents in _CHARGES:
        charge = ChargeIn(label=label, amount_cents=cents, vat_rate=Decimal(20), key="agents")
        await add_line(session, stage.buyer, stage.purchase.id, CHARGES, charge, stage.clock)
    await open_for(stage, past.ago(539), past.ago(515))
    yield 536
    answers = {code: 15 + 6 * place if place % 5 < 4 else None for place, code in enumerate(codes)}  # noqa: PLR2004
    await answer(stage, past.ago(536), answers)
    yield 515
    await close(stage, past.ago(515))
    stage.clock.instant = past.ago(512)
    await freeze(stage)
    for days, state in ((508, PurchaseState.ORDERED), (480, PurchaseState.DELIVERED)):
        yield days
        stage.clock.instant = past.ago(days)
        await advance_purchase(session, stage.buyer, stage.purchase.id, state, stage.clock)
    yield 470
    await think(past, stage, 5)
    await recover(past, stage, COBAN, titres_at=past.ago(470))
    yield 110
    await settle(past, stage, 110)


async def offer(past: Past) -> Story:
    """Agents are interested, a shop grants a price, members say how many bought."""
    session = past.session
    codes = codes_of(past.territory)
    yield 530
    command = PurchaseIn(
        title=FIRST_OFFER,
        kind=PurchaseKind.STAFF_OFFER,
        description="Un magasin du territoire accorde un prix aux agents qui achètent leur vélo pour venir travailler.",
        lead_member=COBAN,
        items=(
            ItemIn(code="vae", name="Vélo à assistance électrique", unit_price=Decimal(1550)),
            ItemIn(code="antivol", name="Antivol certifié", unit_price=Decimal(62)),
        ),
    )
    stage = await begin(session, past.territory, command, past.ago(530), COBAN_BUYER, STAFF_PRICE)
    await open_for(stage, past.ago(529), past.ago(505))
    yield 527
    await declare(
        stage, past.ago(527), {code: {"vae": place % 4, "antivol": place % 5} for place, code in enumerate(codes)}
    )
    yield 505
    await close(stage, past.ago(505))
    yield 495
    terms = OfferIn(
        supplier="Cycles du Bassin (magasin fictif)",
        valid_from=past.ago(490).date(),
        valid_until=past.ago(420).date(),
        conditions="Prix fictifs. Un vélo par agent, sur présentation de la carte professionnelle.",
        claiming="En magasin, avec le code AGENTS-BASSIN.",
        prices={"vae": 169_000, "antivol": 6_200},
    )
    await keep_offer(session, stage.buyer, stage.purchase.id, terms, past.ago(495))
    for days, state in ((490, PurchaseState.ORDERED), (415, PurchaseState.DELIVERED)):
        yield days
        stage.clock.instant = past.ago(days)
        await advance_purchase(session, stage.buyer, stage.purchase.id, state, stage.clock)
    yield 410
    items = await item_ids(session, stage.purchase.id)
    told = [
        (code, past.ago(410) + timedelta(hours=5 * place), {"vae": place % 3, "antivol": place % 4})
        for place, code in enumerate(codes)
        if place % 6
    ]
    await insert_many(
        session,
        Uptake,
        [
            {
                "purchase_id": stage.purchase.id,
                "member_id": past.territory.members[code],
                "item_id": items[item],
                "bought": units,
                "told_at": at,
                "told_by": past.territory.referent(code),
            }
            for code, at, bought in told
            for item, units in bought.items()
        ],
    )
    await insert_many(
        session,
        Event,
        [
            event_row(
                stage,
                at,
                past.territory.referent(code),
                "offer.told",
                {
                    "member_id": past.territory.members[code],
                    "bought": {str(items[item]): units for item, units in bought.items()},
                },
            )
            for code, at, bought in told
        ],
    )
    yield 395
    await settle(past, stage, 395)
