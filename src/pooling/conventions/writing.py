"""Conventions and deliberations as documents, from what was read of their purchase."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.case import charges_of, subsidies_of
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import read_current
from pooling.allocation.figures import Labels
from pooling.allocation.key_choices import in_words
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.words import NAMED_AT_MOST, aid_words, charge_amount, sharers_in_words, taken_of
from pooling.conventions.parties import Parties, Party, read_parties
from pooling.conventions.texts import ConventionTexts
from pooling.documents.document import Document, document_of
from pooling.kernel.errors import Conflict
from pooling.kernel.limits import Readers, limit
from pooling.kernel.tables import any_of
from pooling.members.models import Group, Member
from pooling.outbox.mail import FICTIONAL
from pooling.procurement.assessing import Assessed, Assessment, assess
from pooling.procurement.configuration import ProcurementConfiguration
from pooling.purchases.details import details_of
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.sharing.allocation_result import MemberResult
from pooling.web.typography import date_short, plural

FORMALISED = "formalised"
"""The code of the procedure for which the tender board meets (CGCT L1414-2)."""
MOST_NAMED = limit(500, "Members that a convention names", __name__, Readers.OPERATORS)
"""Of more, it says how many there are: their list is joined to it."""
MOST_ITEMS = 30
MOST_SHOWN = 100
"""Members in the table of the convention's page: the document has those that it names."""


@dataclass(frozen=True)
class Papers:
    """Everything that the papers of a purchase say, as it stood when it was read."""

    about: Assessed
    group: str
    fictional: bool
    parties: Parties
    assessment: Assessment
    items: Sequence[ItemShown]
    accounts: Mapping[int, str]
    """By item."""
    charges: Sequence[Charge]
    sharers: Mapping[str, str]
    """The names of members that a charge names, by their codes."""
    subsidies: Sequence[Subsidy]
    texts: ConventionTexts

    @property
    def mandate(self) -> str:
        return self.about.plan.mandate

    @property
    def formalised(self) -> bool:
        """Whether the procedure is a formalised one."""
        procedure = self.assessment.guidance.procedure
        return procedure is not None and procedure.code == FORMALISED


@dataclass(frozen=True)
class Share:
    """What a member takes and pays, with its units, as things stand; amounts in cents."""

    units: Mapping[str, int]
    items: Mapping[str, int]
    charges: Mapping[str, int]
    ht: int
    vat: int
    subsidies: int
    fctva: int

    @classmethod
    def of(cls, results: Sequence[MemberResult]) -> "Share":
        units, items, charges = dict[str, int](), dict[str, int](), dict[str, int]()
        for result in results:
            for code, (quantity, ht) in result.items.items():
                units[code], items[code] = units.get(code, 0) + quantity, items.get(code, 0) + ht
            for code, cents in result.charges.items():
                charges[code] = charges.get(code, 0) + cents
        return cls(
            units=units,
            items=items,
            charges=charges,
            ht=sum(result.ht for result in results),
            vat=sum(result.vat for result in results),
            subsidies=sum(result.subsidised for result in results),
            fctva=sum(result.fctva for result in results),
        )


async def read_papers(
    session: AsyncSession,
    about: Assessed,
    group: Group,
    texts: ConventionTexts,
    configuration: ProcurementConfiguration,
    finance: FinanceConfiguration,
    *,
    most: int | None = None,
    among: Collection[str] | None = None,
) -> Papers:
    """In a fixed number of statements; of who signs, as `read_parties`."""
    purchase = about.purchase
    details = await details_of(session, purchase.id)
    charges = await charges_of(session, purchase.id)
    return Papers(
        about=about,
        group=group.name,
        fictional=group.fictional,
        parties=await read_parties(session, purchase, most=most, among=among),
        assessment=await assess(session, about, configuration, finance),
        items=await purchase_items(session, purchase.id),
        accounts={item_id: said.account for item_id, said in details.items() if said.account},
        charges=charges,
        sharers=await _sharers(session, charges),
        subsidies=await subsidies_of(session, purchase.id),
        texts=texts,
    )


async def _sharers(session: AsyncSession, charges: Sequence[Charge]) -> Mapping[str, str]:
    scopes = [charge.scope for charge in charges if isinstance(charge.scope, list)]
    codes = {code for scope in scopes for code in scope[:NAMED_AT_MOST]}
    rows = await session.execute(select(col(Member.code), col(Member.name)).where(any_of(col(Member.code), codes)))
    return {code: name for code, name in rows}


async def shares_now(
    session: AsyncSession, papers: Papers, finance: FinanceConfiguration, parties: Sequence[Party]
) -> StatedPurchase | None:
    """What these pay as things stand; None where shares cannot be told yet."""
    codes = {code for party in parties for code in party.codes}
    try:
        return await read_current(session, papers.about.purchase.id, finance, codes)
    except Conflict:
        return None


def share_of(stated: StatedPurchase | None, party: Party) -> Share | None:
    if stated is None:
        return None
    return Share.of([stated.result.member(code).result for code in sorted(party.codes) if code in stated.result])


def require_written(papers: Papers) -> None:
    """Raises:
    Conflict: there is no convention to write, or what it says is not decided.
    """
    if not papers.assessment.tally.needs_convention and papers.parties.count < _SEVERAL:
        raise Conflict(
            "Une seule personne morale participe : la répartition entre ses composantes est interne, et il n’y a ni "
            "convention ni délibération à écrire.",
            code="no_convention_needed",
        )
    if not papers.mandate:
        raise Conflict(
            "Dites d’abord ce que la convention confie au pilote : ses clauses en dépendent.", code="mandate_undecided"
        )


_SEVERAL = 2


def convention_of(papers: Papers) -> Document:
    """The convention of all, with the members that were read.

    Raises: as `require_written`.
    """
    require_written(papers)
    plan, estimate, guidance = papers.about.plan, papers.assessment.estimate, papers.assessment.guidance
    parties = papers.parties.named[:MOST_NAMED]
    return _document(
        papers,
        "convention",
        {
            **_common(papers),
            "lead": {"name": papers.parties.coordinator.name, "acts_for_its_members": papers.parties.free},
            "members": [
                {
                    "name": party.name,
                    "siren": party.siren,
                    "coordinator": party.coordinator,
                    "deliberated_on": _day(party.deliberated_on),
                    "deliberation": party.deliberation or "délibération",
                }
                for party in parties
            ],
            "more_members": max(papers.parties.count - MOST_NAMED, 0),
            "units": [{"parent": party.name, "names": ", ".join(party.units)} for party in parties if party.units],
            "lots": _lots(papers.items),
            "items": [{"name": item.name} for item in papers.items[:MOST_ITEMS]],
            "more_items": max(len(papers.items) - MOST_ITEMS, 0),
            "framework": estimate.maximum or 0,
            "estimate": {
                "value": estimate.contract,
                "options": estimate.options,
                "renewals": 0 if estimate.maximum is not None else estimate.renewals,
            },
            "procedure": {
                "name": guidance.procedure.name if guidance.procedure else "",
                "formalised": papers.formalised,
            },
            "environment": plan.environment,
            "charges": [_charge(papers, charge) for charge in papers.charges],
            "subsidies": [{"label": one.label, "aid": aid_words(one.model_dump())} for one in papers.subsidies],
            "signed_on": _day(plan.convention_signed_on),
            "delivery": _day(papers.about.purchase.delivery_expected_on),
        },
    )


def deliberation_of(papers: Papers, party: Party, share: Share | None) -> Document:
    """The model of one member's deliberation.

    Raises: as `require_written`.
    """
    require_written(papers)
    items = [item for item in papers.items if share is not None and share.units.get(item.code)]
    charges = [charge for charge in papers.charges if share is not None and share.charges.get(charge.code)]
    return _document(
        papers,
        "deliberation",
        {
            **_common(papers),
            "lead": {"name": papers.parties.coordinator.name},
            "member": {
                "name": party.name,
                "siren": party.siren,
                "coordinator": party.coordinator,
                "budget": party.budget,
                **party.assembly._asdict(),
            },
            "formalised": papers.formalised,
            "needs": [
                {
                    "name": item.name,
                    "units": plural(share.units[item.code], item.unit),
                    "ht": share.items.get(item.code, 0),
                }
                for item in items
                if share is not None
            ],
            "charges": [
                {"label": charge.label, "key": in_words(charge.key), "ht": share.charges[charge.code]}
                for charge in charges
                if share is not None
            ],
            "amounts": _amounts(share),
            "accounts": sorted({papers.accounts[item.id] for item in items if item.id in papers.accounts}),
        },
    )


def _common(papers: Papers) -> dict[str, Any]:
    purchase = papers.about.purchase
    return {
        "group": papers.group,
        "purchase": {"reference": purchase.reference, "title": purchase.title},
        "mandate": papers.mandate,
    }


def _document(papers: Papers, name: str, values: Mapping[str, Any]) -> Document:
    purchase, now = papers.about.purchase, papers.about.now
    return document_of(
        getattr(papers.texts, name),
        values,
        author=papers.group,
        reference=f"{purchase.reference}, {name if name == 'convention' else 'délibération'}, état du {_on(papers)}",
        notice=FICTIONAL if papers.fictional else None,
        at=now,
    )


def _on(papers: Papers) -> str:
    return date_short(papers.about.today)


def _charge(papers: Papers, charge: Charge) -> dict[str, str]:
    content = charge.model_dump()
    return {
        "label": charge.label,
        "amount": " ".join(part for part in (charge_amount(content), taken_of(content)) if part),
        "key": in_words(charge.key),
        "sharers": sharers_in_words(charge.scope, Labels(members=papers.sharers)),
    }


def _lots(items: Sequence[ItemShown]) -> list[dict[str, Any]]:
    found = {item.lot.number: item.lot.title for item in items if item.lot}
    return [{"number": number, "title": title} for number, title in sorted(found.items())]


def _amounts(share: Share | None) -> dict[str, int] | None:
    if share is None:
        return None
    ttc = share.ht + share.vat
    return {
        "ht": share.ht,
        "vat": share.vat,
        "ttc": ttc,
        "subsidies": share.subsidies,
        "fctva": share.fctva,
        "net": ttc - share.subsidies - share.fctva,
    }


def _day(day: date | datetime | None) -> str:
    return date_short(day) if day else ""
