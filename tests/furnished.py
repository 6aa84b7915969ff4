"""A group with one of everything that an address can name: what walks over all routes meet."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, Territory, file_needs, make_purchase, open_purchase
from ground.directory import COBAN
from pooling import PROJECT_ROOT
from pooling.accounting.models import StatementMail
from pooling.accounts.models import Person
from pooling.accounts.second_factor import SecretBox
from pooling.actions.catalogue import Catalogue
from pooling.actions.files import attach_to_action
from pooling.actions.keeping import propose_action
from pooling.actions.models import Ease, FactorKind, Partner
from pooling.actions.schemas import ActionIn, BringsIn, FactorIn, PhaseIn
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.editing.lines import CHARGES, add_line
from pooling.allocation.editing.schemas import ChargeIn
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.records.freezing import freeze_allocation
from pooling.allocation.records.version_job import VERSION
from pooling.allocation.records.workbook_export import ask_workbook, workbook_kind
from pooling.bills.models import Advance, Bill, BillLine, BillOrder, BillRate, BillUnits
from pooling.charters.schemas import SignatureIn
from pooling.charters.signing import sign_charter
from pooling.charters.text import body_of, read_charter
from pooling.committees.agendas.difficulties import raise_difficulty
from pooling.committees.agendas.files import attach_files
from pooling.committees.agendas.items import add_item
from pooling.committees.agendas.schemas import AgendaItemIn, DifficultyIn
from pooling.committees.decisions.models import Decision
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.models import MinutesVersion
from pooling.conventions.export import DELIBERATIONS
from pooling.conventions.models import KeptDocument
from pooling.deliveries.splitting import keep_split
from pooling.experiences.keeping import ask_question, attach_to_experience, tell_experience
from pooling.experiences.schemas import ExperienceIn
from pooling.exports.asking import ask_export
from pooling.exports.models import Export, ExportState
from pooling.exports.writing import write_exports
from pooling.features import FEATURES
from pooling.finances.files import EVERYBODYS
from pooling.followups.documents import attach_document
from pooling.followups.keeping import keep_followup
from pooling.followups.schemas import DateIn, FollowUpIn
from pooling.grants.keeping import attach_to_grant, open_grant
from pooling.grants.schemas import GrantIn
from pooling.hosting.consenting import ConsentIn, consent
from pooling.indicators.configuration import read_indicators
from pooling.indicators.keeping import assume, note_days
from pooling.indicators.schemas import AssumptionIn, DaysIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.events import record_event
from pooling.kernel.files import Upload, keep_file, store_files
from pooling.members.adding import MemberIn
from pooling.members.admission import admit_member
from pooling.members.asking import RequestIn, keep_request
from pooling.members.changing import member_by_code
from pooling.members.entrance import caller_of
from pooling.members.features import gather_features
from pooling.members.mails import Sender
from pooling.members.models import Member, Membership, Role
from pooling.members.retiring import RetirementIn, retire_member
from pooling.needs.advancing import advance_purchase
from pooling.needs.collection import close_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.offers.publishing import keep_offer
from pooling.offers.schemas import OfferIn
from pooling.open_data.keeping import describe_contract
from pooling.open_data.schemas import ContractIn
from pooling.orders.buyers import BuyerIn, describe_buyer
from pooling.orders.document_export import DOCUMENTS
from pooling.orders.making import make_orders
from pooling.orders.models import Order, OrderItem, OrderState, OrderVersion
from pooling.orders.naming import name_invoicers, name_suppliers
from pooling.outbox.models import Message
from pooling.procurement.models import Mandate, ProcurementPlan
from pooling.purchases.details import describe_item
from pooling.purchases.finding import item_ids
from pooling.purchases.item_files import attach_to_item
from pooling.purchases.lots import arrange_lots
from pooling.purchases.models import Item, PurchaseState
from pooling.purchases.schemas import DetailsIn, LotIn, LotsIn
from pooling.quotes.models import Award, Quote, QuoteCriterion, QuoteFile, QuoteLine, QuoteMark, QuoteTier
from pooling.receipts.lists.sending import send_list
from pooling.receipts.lists.writing import LIST_KIND
from pooling.receipts.noting import note_receipt
from pooling.receipts.photos import photos_of
from pooling.receipts.schemas import NotedIn, ReceiptIn
from pooling.recovery.models import EntryKind, RecoveryEntry
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.kinds import Context
from pooling.reminders.models import Reminder
from pooling.resources.lending import agree, ask_for, note_use
from pooling.resources.models import ResourceKind
from pooling.resources.offering import offer_resource
from pooling.resources.rules import ALL_DAYS
from pooling.resources.schemas import AskIn, ResourceIn
from pooling.rounds.models import Mark
from pooling.rounds.preparing import prepare_round
from pooling.rounds.running import open_round
from pooling.rounds.schemas import RoundIn
from pooling.rounds.voting import file_ballot
from pooling.rounds.workshops.leading import arrange, open_workshop
from pooling.rounds.workshops.schemas import Arrangement, NoteIn, ThemeIn
from pooling.rounds.workshops.taking_part import post_note
from pooling.sites.keeping import add_site, sites_in_use
from pooling.sites.schemas import SiteIn
from pooling.suppliers.keeping import SupplierIn, add_supplier
from pooling.terms.files import attach_to_answer
from pooling.terms.keeping import answer_terms, write_terms
from pooling.terms.models import Position
from pooling.terms.schemas import AidIn, AnswerIn, EstimateIn, TermsIn, TermsItemIn
from pooling.webhooks.delivering import PURPOSE
from pooling.webhooks.keeping import WebhookIn, add_webhook
from pooling.webhooks.models import WebhookAttempt, WebhookDelivery
from receiving import line_ids, make_ordered

HOSTENS = "213302029"
FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"


async def furnish(
    database: Database,
    territory: Territory,
    mark: str = "",
    *,
    declared: Callable[[int], Awaitable[None]] | None = None,
) -> dict[str, object]:
    """`mark` stands in every text. Gives what addresses name. `declared` adds to what is declared of the purchase
    before anything comes of it.
    """
    purchase_id = await open_purchase(
        database, territory, NOW, title=f"Arceaux{mark}", description=f"Du bois{mark}" if mark else ""
    )
    await file_needs(database, territory, purchase_id, REFERENT, NOW, arceau=4)
    await make_purchase(database, territory, NOW, title=f"Autre achat{mark}")
    await open_purchase(database, territory, NOW, title=f"Covoiturage{mark}", kind="service", items=())
    await _offer(database, territory, mark)
    document = await _follow(database, territory, mark)
    await _leave(database, territory)
    if declared is not None:
        await declared(purchase_id)
    async with database.transaction(territory.group_id) as session:
        named = {
            **await _describe(session, territory, purchase_id, mark),
            **await _deliver(session, territory, purchase_id, mark),
            **await _allocate(session, territory, purchase_id, mark),
            **await _sign(session, territory, purchase_id, mark),
            **await _lend(session, territory, mark),
            **await _note(session, territory, mark),
            **await _tell(session, territory, mark),
            **await _meet(session, territory, purchase_id, mark),
            **await _write(session, territory, mark),
        }
        await session.flush()
        of_referent, of_buyer = col(Membership.person_id) == territory.people[REFERENT], Membership.role
        roles = await session.execute(select(col(Membership.id)).where(of_referent).order_by(col(Membership.id)))
        buyers = await session.execute(
            select(col(Membership.id)).where(col(of_buyer) == Role.LEAD_BUYER).order_by(col(Membership.id))
        )
        supplier = await _sell(session, territory, mark)
        await _award(session, territory, purchase_id, supplier)
        named |= {"contract_supplier": supplier, "contract_lot": 1, "data_year": 2027}
        named |= {"supplier_id": supplier, **await note_quote(session, territory, purchase_id, supplier, mark)}
        named |= {**await _propose(session, territory, mark), "system": "velos"}
        named |= await _agree(session, territory, mark)
        named |= await _commit(session, territory, mark)
        named |= await _rank(session, territory, mark)
        named |= await _ask_subsidy(session, territory, mark)
        named |= await _learn(session, territory, mark)
        named |= await note_bill(session, territory, purchase_id, supplier, mark)
        named |= {"membership_id": roles.scalars().first(), "buyer_membership": buyers.scalars().first()}
        for table in ("members", "items", "groups"):
            await session.execute(text(f"UPDATE {table} SET name = name || :mark"), {"mark": mark})
    named |= await _order(database, territory, mark)
    named |= await _receive(database, territory, mark)
    kinds = [workbook_kind(FinanceConfiguration()), LIST_KIND, DOCUMENTS, DELIBERATIONS, EVERYBODYS]
    configured = gather_features(FEATURES, PROJECT_ROOT / "config", ReminderConfiguration())
    assert await write_exports(database.handing(configured), FixedClock(NOW), kinds) == 6  # two of them are of orders
    named |= await _fail_to_freeze(database, territory, purchase_id, mark)
    return {
        "group": territory.slug,
        "reference": "AG-2027-001",
        "section": "journal",
        "service": "AG-2027-003",
        "offer": "AG-2027-004",
        "followed": "AG-2027-005",
        "ordered": "AG-2027-006",
        "received": "AG-2027-007",
        "order_number": 1,
        "version": 1,
        "document_id": document,
        "member": LUGOS,
        "other": ARCACHON,
        "siren": COBAN,
        "item": "arceau",
        "number": 1,
        "code": "livraison",
        "member_code": ARCACHON,
        "guest_id": 10**9,
        "person_id": territory.people[REFERENT],
        "token_id": 10**9,
        "feed": "unknown.ics",
        "feed_id": 10**9,
        "slug": territory.slug,
        "step": "archivage",
        "entry": "velos",
        "link": "unknown",
        "kind": "committee",
        "kept_id": 1,
        "about": "nothing",
        "about_id": 10**9,
        "path": "tokens.css",
        **named,
    }


async def _propose(session: AsyncSession, territory: Territory, mark: str) -> dict[str, object]:
    """An action that the référent's member looks after, with a document."""
    facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
    factor = FactorIn(kind=FactorKind.OBSTACLE, ease=Ease.HARD, text=f"La place manque{mark}")
    phase = PhaseIn(label=f"Essai{mark}", begins_on=NOW.date(), ends_on=NOW.date())
    brings = BringsIn(partner=f"Atelier vélo{mark}", amount_cents=120_000, half_days=5, premises=f"Une salle{mark}")
    sheet = ActionIn(
        title=f"Des vélos de service{mark}",
        lead_member=LUGOS,
        content=f"Dix{mark}",
        factors=(factor,),
        phases=(phase,),
        partners=(brings,),
    )
    reference = (await propose_action(session, facilitator, sheet, Catalogue(), NOW)).reference
    sent = [Upload(f"plan{mark}.txt", f"Un plan{mark}".encode())]
    (file_id,) = await attach_to_action(session, facilitator, reference, sent, NOW)
    partner = (await session.execute(select(col(Partner.id)))).scalars().one()
    return {"action": reference, "action_file_id": file_id, "partner_id": partner}


async def _agree(session: AsyncSession, territory: Territory, mark: str) -> dict[str, object]:
    """The terms of that action, to which the référent's member answers under a condition."""
    referent = await caller_of(session, territory.people[REFERENT], territory.group_id)
    aid = AidIn(label=f"Fonds de concours{mark}", rate_hundredths=2_500, cap_total_cents=100_000)
    estimate = EstimateIn(label=f"Dix vélos{mark}", quantities={"velo": 10}, aids=(aid,))
    item = TermsItemIn(code="velo", name=f"Vélo{mark}", unit_price_cents=90_000)
    terms = TermsIn(mandate=f"Acheter{mark}", exit_clause=f"Un mois{mark}", items=(item,), estimates=(estimate,))
    await write_terms(session, referent, "FA-2027-001", terms, NOW)
    member = await member_by_code(session, LUGOS)
    answer = AnswerIn(
        position=Position.UNDER_CONDITION,
        condition=f"Après le vote{mark}",
        quantities={"velo": 2},
        deliberation=f"2027-12{mark}",
        deliberated_on=NOW.date(),
    )
    await answer_terms(session, referent, "FA-2027-001", member, answer, NOW)
    sent = [Upload(f"deliberation{mark}.txt", f"Délibéré{mark}".encode())]
    (file_id,) = await attach_to_answer(session, referent, "FA-2027-001", member, sent, NOW)
    return {"answer_file_id": file_id}


async def _ask_subsidy(session: AsyncSession, territory: Territory, mark: str) -> dict[str, object]:
    """What the référent's member asks of a funder, with a document."""
    facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
    command = GrantIn(
        title=f"Alvéole{mark}",
        funder=f"Un fonds{mark}",
        program=f"Vélo{mark}",
        member=LUGOS,
        action="FA-2027-001",
        asked_on=NOW.date(),
        asked_cents=100_000,
        note=f"À suivre{mark}",
        answer_by=NOW.date() + timedelta(days=10),
    )
    grant = await open_grant(session, facilitator, command, NOW)
    sent = [Upload(f"demande{mark}.txt", f"Une demande{mark}".encode())]
    (file_id,) = await attach_to_grant(session, facilitator, grant.id, sent, NOW)
    return {"grant_id": grant.id, "grant_file_id": file_id}


async def _commit(session: AsyncSession, territory: Territory, mark: str) -> dict[str, object]:
    """The référent's member signed the charter."""
    referent, member = await caller_of(session, territory.people[REFERENT], territory.group_id), LUGOS
    command = SignatureIn(name=f"La maire{mark}", function=f"Maire{mark}", signed_on=NOW.date())
    body = body_of(read_charter(PROJECT_ROOT / "config"), f"Bassin{mark}", NOW)
    made = await sign_charter(session, referent, await member_by_code(session, member), command, body, NOW)
    return {"charter_version": made.version}


async def _learn(session: AsyncSession, territory: Territory, mark: str) -> dict[str, object]:
    """An experience that the référent told, with a question and a document."""
    referent = await caller_of(session, territory.people[REFERENT], territory.group_id)
    command = ExperienceIn(title=f"Nos vélos{mark}", result=f"On roule{mark}", action="FA-2027-001")
    experience = await tell_experience(session, referent, command, NOW)
    question = await ask_question(session, referent, experience.id, f"Et l’hiver ?{mark}", NOW)
    sent = [Upload(f"bilan{mark}.txt", f"Un bilan{mark}".encode())]
    (file_id,) = await attach_to_experience(session, referent, experience.id, sent, NOW)
    return {
        "experience_id": experience.id,
        "question_id": question,
        "experience_file_id": file_id,
        "shared_id": experience.id,
    }


async def _rank(session: AsyncSession, territory: Territory, mark: str) -> dict[str, object]:
    """A secret round that is open, in which the référent's member has voted; a workshop with a note and a theme."""
    facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
    other = await propose_action(session, facilitator, ActionIn(title=f"Des abris{mark}"), Catalogue(), NOW)
    command = RoundIn(
        title=f"Nos actions{mark}",
        content=f"Lisez les fiches{mark}",
        actions=("FA-2027-001", other.reference),
        turnout_shown=False,
        closes_at=NOW + timedelta(days=30),
    )
    found = await prepare_round(session, facilitator, command, NOW)
    clock = FixedClock(NOW)
    await open_round(session, facilitator, found.reference, clock)
    referent = await caller_of(session, territory.people[REFERENT], territory.group_id)
    member = await member_by_code(session, LUGOS)
    await file_ballot(session, referent, found.reference, member, {other.id: {Mark.POINTS: 7}}, clock)
    workshop = await open_workshop(session, facilitator, "FA-2027-001", 3, NOW)
    note = NoteIn(kind=FactorKind.OBSTACLE, text=f"La place manque{mark}")
    await post_note(session, workshop, b"somebody", note, NOW)
    theme = ThemeIn(kind=FactorKind.OBSTACLE, ease=Ease.HARD, title=f"La place{mark}")
    await arrange(session, facilitator, workshop.id, Arrangement(new=theme))
    return {"round": found.reference, "workshop_id": workshop.id, "note_id": 10**9}


async def _describe(session: AsyncSession, territory: Territory, purchase_id: int, mark: str) -> dict[str, object]:
    """What else is said of an item, and a document that goes with it."""
    buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
    said = DetailsIn(cpv="34928400-2", family=f"Mobilier{mark}", account="2152")
    await describe_item(session, buyer, purchase_id, "arceau", said, NOW)
    lot = LotIn(number=1, title=f"Mobilier{mark}", items=("arceau",))
    await arrange_lots(session, buyer, purchase_id, LotsIn(lots=(lot,)), NOW)
    item_id = (await item_ids(session, purchase_id))["arceau"]
    sent = [Upload(f"fiche{mark}.txt", f"Une fiche{mark}".encode())]
    (file_id,) = await attach_to_item(session, buyer, purchase_id, item_id, sent, NOW)
    return {"item_file_id": file_id}


async def _offer(database: Database, territory: Territory, mark: str) -> None:
    """One that has ended: members say how many of their agents bought."""
    purchase_id = await open_purchase(database, territory, NOW, title=f"Vélos des agents{mark}", kind="staff_offer")
    await file_needs(database, territory, purchase_id, REFERENT, NOW, arceau=4)
    terms = OfferIn(
        supplier=f"Cycles{mark}",
        claiming=f"Un code{mark}",
        valid_until=NOW.date() + timedelta(days=30),
        prices={"arceau": 90_000, "abri": 250_000},
    )
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        clock = FixedClock(NOW)
        await close_collection(session, buyer, purchase_id, clock, reason=f"Tous ont répondu{mark}")
        await keep_offer(session, buyer, purchase_id, terms, NOW)
        for state in (PurchaseState.ORDERED, PurchaseState.DELIVERED):
            await advance_purchase(session, buyer, purchase_id, state, clock)


async def _follow(database: Database, territory: Territory, mark: str) -> int:
    """One that somebody else runs, with a day, a cost and a document, which is named."""
    purchase_id = await make_purchase(
        database, territory, NOW, title=f"Centrale d’achat{mark}", kind="outside", items=()
    )
    terms = FollowUpIn(
        organiser=f"Une centrale{mark}",
        joining=f"Par courriel{mark}",
        dates=(DateIn(day=NOW.date() + timedelta(days=40), label=f"Fin des inscriptions{mark}"),),
        costs={LUGOS: 1200},
    )
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await keep_followup(session, buyer, purchase_id, terms, NOW)
        await advance_purchase(session, buyer, purchase_id, PurchaseState.ORDERED, FixedClock(NOW))
        sent = [Upload(f"devis{mark}.txt", f"Un devis{mark}".encode())]
        (document,) = await attach_document(session, buyer, purchase_id, sent, NOW)
    return document


async def _leave(database: Database, territory: Territory) -> None:
    """A member that came and left."""
    async with database.transaction(territory.group_id) as session:
        facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        await admit_member(session, facilitator, MemberIn(code=HOSTENS, name="Hostens"), NOW)
        today = NOW.date()
        await retire_member(session, facilitator, HOSTENS, RetirementIn(today, "A quitté le plan"), NOW, today)


async def _deliver(session: AsyncSession, territory: Territory, purchase_id: int, mark: str) -> dict[str, object]:
    """Two sites of the référent's member, and where it wishes what it declares."""
    referent = await caller_of(session, territory.people[REFERENT], territory.group_id)
    member = await session.get_one(Member, (territory.group_id, territory.members[LUGOS]))
    sites = [
        await add_site(session, referent, member, SiteIn(name=f"{name}{mark}", city=f"Lugos{mark}", contact=mark), NOW)
        for name in ("Mairie", "École")
    ]
    items = await item_ids(session, purchase_id)
    await keep_split(session, referent, purchase_id, member, [(items["arceau"], {site.id: 2 for site in sites})], NOW)
    return {"site_id": sites[1].id}


async def _sign(session: AsyncSession, territory: Territory, purchase_id: int, mark: str) -> dict[str, object]:
    """What the convention says, a version of it and one of the référent's member's deliberation; all of those."""
    session.add(ProcurementPlan(group_id=territory.group_id, purchase_id=purchase_id, mandate=Mandate.FULL))
    kept = []
    for member_id in (None, territory.members[LUGOS]):
        file = await keep_file(session, f"version{mark}.pdf", "application/pdf", f"%PDF{mark}".encode(), NOW)
        version = KeptDocument(
            group_id=territory.group_id,
            purchase_id=purchase_id,
            member_id=member_id,
            number=1,
            file_id=file.id,
            kept_by=territory.people[REFERENT],
            kept_at=NOW,
        )
        session.add(version)
        await session.flush()
        kept.append(version.id)
    terms = {"purchase": purchase_id, "format": "odt"}
    asked_by = territory.people[BUYER]
    export = await ask_export(session, DELIBERATIONS.name, terms, asked_by, NOW, unchanging=False)
    return {"kept_document": kept[0], "kept_deliberation": kept[1], "deliberations_export": export}


async def _award(session: AsyncSession, territory: Territory, purchase_id: int, supplier_id: int) -> None:
    """An item goes to a supplier: a contract, of which all is said."""
    item_id = (await item_ids(session, purchase_id))["arceau"]
    session.add(
        Award(
            group_id=territory.group_id,
            purchase_id=purchase_id,
            item_id=item_id,
            supplier_id=supplier_id,
            chosen_at=NOW,
        )
    )
    await session.flush()
    facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
    lead = await session.get_one(Member, (territory.group_id, territory.members[ARCACHON]))
    await describe_buyer(session, facilitator, lead, BuyerIn(siret="21330009800018"), NOW)
    said = {
        "notified_on": NOW.date(),
        "identifier": "A-1",
        "months": 12,
        "procedure": "Procédure adaptée",
        "amount_cents": 3_000_000,
        "offers": 1,
        "place": "33",
    }
    buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
    command, finance = ContractIn.model_validate(said), FinanceConfiguration()
    await describe_contract(session, buyer, purchase_id, supplier_id, 1, command, finance, NOW)


async def _lend(session: AsyncSession, territory: Territory, mark: str) -> dict[str, object]:
    """Desks of the référent's member: some are lent to another member, which asks for more."""
    referent = await caller_of(session, territory.people[REFERENT], territory.group_id)
    asker = await caller_of(session, territory.people["referent@arcachon.example"], territory.group_id)
    member = await session.get_one(Member, (territory.group_id, territory.members[LUGOS]))
    (site, *_) = await sites_in_use(session, member.id)
    today = NOW.date()
    desks = ResourceIn(
        site_id=site.id,
        kind=ResourceKind.DESK,
        title=f"Bureaux{mark}",
        quantity=4,
        days=ALL_DAYS,
        conditions=f"Un badge{mark}",
        from_day=today,
    )
    resource = (await offer_resource(session, referent, member, desks, NOW)).resource
    borrower = territory.members[ARCACHON]
    named: dict[str, object] = {"resource_id": resource.id}
    for units in (1, 2):
        ask = AskIn(units=units, first_day=today, last_day=today + timedelta(days=9), purpose=f"Des agents{mark}")
        lending = (await ask_for(session, asker, resource.id, borrower, ask, NOW, today)).lending
        named["lending_id"] = lending.id
        if units == 1:
            await agree(session, referent, lending.id, NOW)
            await note_use(session, asker, lending.id, {today.replace(day=1): 1}, NOW, today)
    return named


async def _note(session: AsyncSession, territory: Territory, mark: str) -> dict[str, object]:
    """Days that agents of the référent's member gave, and what one assumes of the journeys that an item replaces."""
    referent = await caller_of(session, territory.people[REFERENT], territory.group_id)
    facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
    command = DaysIn(member=LUGOS, spent_on=NOW.date(), days=Decimal("0.5"), what=f"Cahier des charges{mark}")
    noted = await note_days(session, referent, command, NOW, NOW.date())
    item_id = (await session.execute(select(func.min(col(Item.id))))).scalar_one()
    assumed = AssumptionIn(replaced="petrol_car", replaced_by="e_bike", kilometres=1200, source=f"Enquête{mark}")
    await assume(session, facilitator, item_id, assumed, read_indicators(PROJECT_ROOT / "config"), NOW)
    if territory.slug == "bassin":  # a neighbour lets nothing out
        await consent(session, facilitator, ConsentIn(public=True, compared=True), NOW)
    return {"noted_id": noted.id, "item_id": item_id, "figure": "agent_days"}


async def _tell(session: AsyncSession, territory: Territory, mark: str) -> dict[str, object]:
    """A program that is told of events, and was of one."""
    facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
    command = WebhookIn(url=f"https://x.example/{quote(mark)}", label=f"Finances{mark}", kinds=("purchase.open",))
    box = SecretBox("a key", PURPOSE)
    webhook, _ = await add_webhook(session, facilitator, command, box, NOW, known=command.kinds, private=False)
    happened: dict[str, Any] = {"at": NOW, "person_id": None, "subject": ("group", territory.group_id)}
    record_event(session, **happened, name="purchase.open")
    await session.flush()
    delivery_id = (await session.execute(select(col(WebhookDelivery.id)))).scalar_one()
    of_it: dict[str, Any] = {"group_id": territory.group_id, "webhook_id": webhook.id, "delivery_id": delivery_id}
    session.add(WebhookAttempt(**of_it, at=NOW, milliseconds=12, status=500))
    await session.flush()
    return {"webhook_id": webhook.id, "delivery_id": delivery_id}


async def _allocate(session: AsyncSession, territory: Territory, purchase_id: int, mark: str) -> dict[str, object]:
    """A charge, a subsidy, a frozen record and a workbook that is asked for."""
    of_it: dict[str, Any] = {"group_id": territory.group_id, "purchase_id": purchase_id, "code": "livraison"}
    session.add(Charge(**of_it, label=f"Livraison{mark}", amount_cents=1000, key="equal"))
    session.add(Subsidy(**of_it, label=f"Aide{mark}", amount_cents=500))
    await session.flush()
    buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
    record = await freeze_allocation(session, buyer, purchase_id, "AG-2027-001", FixedClock(NOW))
    sent = await keep_file(session, f"releve{mark}.pdf", "application/pdf", f"%PDF {mark}".encode(), NOW)
    session.add(
        StatementMail(
            group_id=territory.group_id, allocation_id=record.id, member=LUGOS, number="2027-001-1-2", asked_at=NOW,
            sent_at=NOW, file_id=sent.id, recipients=[{"name": f"Finances{mark}", "email": "finances@x.example"}],
        )
    )  # fmt: skip
    titre = RecoveryEntry(
        group_id=territory.group_id, purchase_id=purchase_id, debtor_id=territory.members[LUGOS],
        creditor_id=territory.members[ARCACHON], kind=EntryKind.TITRE, number=f"T-1{mark}", cents=100,
        dated_on=NOW.date(), due_on=NOW.date(), noted_at=NOW,
    )  # fmt: skip
    session.add(titre)
    await session.flush()
    return {
        "export_id": await ask_workbook(session, buyer, purchase_id, NOW),
        "finances_export": await ask_export(
            session, EVERYBODYS.name, {"year": None, "format": "csv"}, buyer.person_id, NOW, unchanging=False
        ),
        "entry_id": titre.id,
        "layout": "titres",
    }


async def _fail_to_freeze(database: Database, territory: Territory, purchase_id: int, mark: str) -> dict[str, object]:
    """What the worker could not freeze, since the figures had changed."""
    async with database.transaction(territory.group_id) as session:
        terms = {"purchase": purchase_id, "shown": "0 autre", "cause": "", "reason": f"Un avoir{mark}"}
        failed = Export(
            group_id=territory.group_id, kind=VERSION, terms=terms, asked_by=territory.people[BUYER], asked_at=NOW,
            state=ExportState.FAILED, reason=f"Les chiffres ont changé{mark}", ended_at=NOW,
        )  # fmt: skip
        session.add(failed)
        await session.flush()
        return {"freezing_id": failed.id}


async def _meet(session: AsyncSession, territory: Territory, purchase_id: int, mark: str) -> dict[str, object]:
    """A committee to come: an item of its agenda and a file, minutes begun, a decision; and a difficulty that the
    référent raised.
    """
    facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
    referent = await caller_of(session, territory.people[REFERENT], territory.group_id)
    command = CommitteeIn(
        day=(NOW + timedelta(days=20)).date(),
        hour=NOW.time(),
        place=f"Mairie{mark}",
        title=f"Comité de suivi{mark}",
        roles=(Role.REFERENT,),
    )
    committee = await schedule_committee(session, facilitator, command, NOW)
    of_it: dict[str, Any] = {"group_id": territory.group_id, "committee_id": committee, "number": 1}
    session.add(
        MinutesVersion(**of_it, content=f"Début{mark}", written_by=facilitator.person_id, begun_at=NOW, written_at=NOW)
    )
    session.add(
        Decision(
            **of_it,
            content=f"Clore{mark}",
            purchase_id=purchase_id,
            act="close",
            owner_id=referent.person_id,
            assigned_at=NOW,
            created_at=NOW,
        )
    )
    await session.flush()
    item = await add_item(session, facilitator, committee, AgendaItemIn(title=f"Un point{mark}"), NOW)
    sent = [Upload(f"note{mark}.txt", f"Une note{mark}".encode())]
    (piece,) = await attach_files(session, facilitator, committee, sent, NOW, agenda_item_id=item)
    difficulty = await raise_difficulty(session, referent, DifficultyIn(content=f"Un retard{mark}"), NOW)
    return {"committee_id": committee, "item_id": item, "file_id": piece, "difficulty_id": difficulty}


async def _sell(session: AsyncSession, territory: Territory, mark: str) -> int:
    """A supplier."""
    facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
    command = SupplierIn(name=f"Mobilier urbain{mark}", vat_number="DE136695976", contact=f"Service{mark}")
    return (await add_supplier(session, facilitator, command, NOW)).id


async def note_quote(
    session: AsyncSession, territory: Territory, purchase_id: int, supplier: int, mark: str
) -> dict[str, object]:
    """The supplier's quote of an item, with a file, and what it is judged by."""
    its: dict[str, Any] = {"group_id": territory.group_id}
    quote = Quote(**its, purchase_id=purchase_id, supplier_id=supplier, note=f"Un devis{mark}", written_at=NOW)
    (file,) = await store_files(
        session, [Upload(f"devis{mark}.txt", f"Un devis{mark}".encode())], NOW, person_id=None, field="files"
    )
    session.add(quote)
    await session.flush()
    item_id = (await item_ids(session, purchase_id))["arceau"]
    session.add_all(
        [
            QuoteLine(**its, quote_id=quote.id, item_id=item_id, unit_price=Decimal(150), code=f"A-1{mark}"),
            QuoteFile(**its, quote_id=quote.id, file_id=file.id),
        ]
    )
    await session.flush()
    session.add(QuoteTier(**its, quote_id=quote.id, item_id=item_id, from_quantity=50, unit_price=Decimal(140)))
    judged: dict[str, Any] = {**its, "purchase_id": purchase_id, "number": 1}
    session.add(QuoteCriterion(**judged, kind="life_cycle", label=f"Coût{mark}", weight=Decimal(100)))
    await session.flush()
    session.add(QuoteMark(**judged, quote_id=quote.id, cents=1000, reason=f"Dix ans{mark}"))
    return {"quote_id": quote.id, "quote_file_id": file.id}


async def _order(database: Database, territory: Territory, mark: str) -> dict[str, object]:
    """A purchase whose order is about to leave, and files about it."""
    purchase_id = await open_purchase(database, territory, NOW, title=f"Vélos{mark}")
    await file_needs(database, territory, purchase_id, REFERENT, NOW, abri=2)
    clock = FixedClock(NOW)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await close_collection(session, buyer, purchase_id, clock, reason=f"Tous ont répondu{mark}")
        await freeze_consolidation(session, buyer, purchase_id, clock, options={})
        supplier = (await session.execute(text("SELECT min(id) FROM suppliers"))).scalar_one()
        await name_suppliers(session, buyer, purchase_id, {"abri": supplier}, NOW, reason=f"Le seul{mark}")
        freight = ChargeIn(label=f"Port{mark}", amount_cents=9_000, vat_rate=Decimal(20), key="amount")
        charge = await add_line(session, buyer, purchase_id, CHARGES, freight, clock)
        await name_invoicers(session, buyer, purchase_id, {charge.code: supplier}, NOW)
        await make_orders(session, buyer, purchase_id, clock)
        ordered = text("SELECT id FROM orders WHERE purchase_id = :purchase")
        order = (await session.execute(ordered, {"purchase": purchase_id})).scalar_one()
        referent = await caller_of(session, territory.people[REFERENT], territory.group_id)
        member = await session.get_one(Member, (territory.group_id, territory.members[LUGOS]))
        await describe_buyer(session, referent, member, BuyerIn(service=f"Mairie{mark}"), NOW)
        about = [
            {"purchase": purchase_id, "order": order, "format": "pdf"},
            {"purchase": purchase_id, "order": None, "format": "xlsx"},
        ]
        one, lines = [
            await ask_export(session, DOCUMENTS.name, terms, buyer.person_id, NOW, unchanging=False) for terms in about
        ]
    return {"order_export_id": one, "lines_export_id": lines}


async def _receive(database: Database, territory: Territory, mark: str) -> dict[str, object]:
    """What came of an order, with a picture; and a file of delivered quantities."""
    purchase_id, order_id = await make_ordered(
        database, territory, wanted={LUGOS: {"abri": 2}}, supplier=f"Abris{mark}"
    )
    lines = await line_ids(database, territory, order_id)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        line = NotedIn(line=lines[LUGOS, "abri"], refused=1, reason=f"Cassé{mark}")
        command = ReceiptIn(
            received_on=NOW.date(), delivery_note=f"BL{mark}", note=f"Sous la pluie{mark}", lines=(line,)
        )
        kept = await note_receipt(
            session, buyer, purchase_id, order_id, command, NOW, ZoneInfo("Europe/Paris"),
            insistence=None, photos=[Upload(f"abri{mark}.png", b"\x89PNG\r\n\x1a\n" + mark.encode())],
        )  # fmt: skip
        (photo,) = await photos_of(kept.id).listed(session)
        sent = Upload(f"recu{mark}.csv", f"Code du membre;Article;Reçu\n{LUGOS};abri;1\nX{mark};abri;1".encode())
        listed = await send_list(session, buyer, purchase_id, sent, NOW.date(), NOW)
    return {"receipt_id": kept.id, "photo_id": photo.id, "list_id": listed.id}


async def read_bill(session: AsyncSession, territory: Territory, purchase_id: int) -> None:
    """An invoice as it was read: of nobody who is known, without lines."""
    session.add(
        Bill(
            group_id=territory.group_id, purchase_id=purchase_id, same_as="read", kind="invoice", number="R1",
            ht_cents=100, vat_cents=20, ttc_cents=120, due_cents=120, source={"lines": []}, noted_at=NOW,
        )
    )  # fmt: skip
    await session.flush()


async def note_bill(
    session: AsyncSession, territory: Territory, purchase_id: int, supplier: int, mark: str, number: int = 90
) -> dict[str, object]:
    """The supplier's invoice of an item as somebody typed it, with its file, and an advance on its order."""
    its: dict[str, Any] = {"group_id": territory.group_id}
    file = await keep_file(session, f"facture{mark}.xml", "application/xml", f"<f>{mark}</f>".encode(), NOW)
    order = Order(
        **its, purchase_id=purchase_id, supplier_id=supplier, number=number, reference=f"CMD-{purchase_id}-{number}",
        state=OrderState.SENT, created_at=NOW, sent_at=NOW,
    )  # fmt: skip
    session.add(order)
    await session.flush()
    session.add(OrderVersion(**its, order_id=order.id, number=1, made_at=NOW, sent_at=NOW, sent_how=f"Portail{mark}"))
    item_id = (await item_ids(session, purchase_id))["arceau"]
    session.add(
        OrderItem(
            **its, order_id=order.id, item_id=item_id, code="arceau", name=f"Arceau{mark}", unit="arceau",
            unit_price=Decimal(150), vat_rate=Decimal(20),
        )
    )  # fmt: skip
    bill = Bill(
        **its, purchase_id=purchase_id, supplier_id=supplier, same_as=f"F1{mark}", kind="invoice",
        number=f"F1{mark}", issued_on=NOW.date(), ht_cents=15000, vat_cents=3000, ttc_cents=18000, due_cents=18000,
        file_id=file.id, noted_at=NOW, reason=f"À voir{mark}",
    )  # fmt: skip
    advance = Advance(**its, order_id=order.id, cents=1000, paid_on=NOW.date(), note=f"Avance{mark}", noted_at=NOW)
    session.add_all([bill, advance])
    await session.flush()
    session.add(
        BillLine(
            **its, bill_id=bill.id, position=0, name=f"Arceau{mark}", quantity=Decimal(1), units=Decimal(1),
            unit_price=Decimal(150), net_cents=15000, vat_rate=Decimal(20), item_id=item_id,
        )
    )  # fmt: skip
    session.add(BillOrder(**its, bill_id=bill.id, order_id=order.id))
    await session.flush()
    session.add(BillUnits(**its, bill_id=bill.id, position=0, order_id=order.id, item_id=item_id, units=Decimal(1)))
    session.add(BillRate(**its, bill_id=bill.id, vat_rate=Decimal(20), base_cents=15000, vat_cents=3000))
    return {"bill_id": bill.id, "advance_id": advance.id}


async def _write(session: AsyncSession, territory: Territory, mark: str) -> dict[str, object]:
    """Somebody who asks to come in, a reminder that is planned, a mail that was refused."""
    context = Context(territory.group_id, territory.slug, mark, ZoneInfo("Europe/Paris"), False, "http://x", NOW)
    outsider = f"nouveau{mark.strip().lower()}@{territory.slug}.example"
    asked = RequestIn(outsider, f"Nouveau{mark}", f"Bonjour{mark}", member_id=territory.members[LUGOS])
    await keep_request(session, territory.people[BUYER], asked, Sender("Achats", BUYER), context)
    referent = await session.get(Person, territory.people[REFERENT])
    assert referent is not None
    soon = NOW + timedelta(days=13)
    committee = (await session.execute(text("SELECT min(id) FROM committees"))).scalar_one()
    reminder = Reminder(
        group_id=territory.group_id, kind="committee", subject_id=committee, revision=1, offset_days=-7,
        person_id=referent.id, due_at=soon, useful_until=soon + timedelta(days=7),
    )  # fmt: skip
    refused = Message(
        group_id=territory.group_id, kind="committee", recipient="parti@lugos.example", subject=f"Objet{mark}",
        body_text=f"Texte{mark}", body_html=f"Texte{mark}", state="failed", error="550 5.1.1 unknown", next_try_at=NOW,
        created_at=NOW,
    )  # fmt: skip
    session.add_all([reminder, refused])
    await session.flush()
    request = (await session.execute(text("SELECT min(id) FROM access_requests"))).scalar_one()
    return {"request_id": request, "reminder_id": reminder.id, "message_id": refused.id, "key": referent.mail_key}
