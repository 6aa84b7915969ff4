"""What a decision does to a purchase's terms: who leads it, when delivery is expected, who pays what."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.case import Payer, charges_of, payers_of
from pooling.allocation.editing.key_form import (
    key_blocks,
    key_options,
    key_typed,
    lacks_fields,
    mix_options,
    read_key,
)
from pooling.allocation.editing.lines import CHARGES, change_line, line_of_code
from pooling.allocation.editing.member_numbers import has_boxes
from pooling.allocation.editing.rules import key_errors
from pooling.allocation.editing.schemas import ChargeIn, Known, content_of
from pooling.allocation.key_choices import NAMING, OF_ITEMS, choice_of, choices_in, given_in, in_words
from pooling.allocation.models import Charge
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.tables import any_of
from pooling.members.acts import Act, Fields, Order, Terms
from pooling.members.models import Member
from pooling.purchases.changing import change_purchase
from pooling.purchases.doubts import doubts_of_delivery
from pooling.purchases.finding import item_ids
from pooling.purchases.models import PurchaseState
from pooling.purchases.rules import OVER
from pooling.web.forms import Form
from pooling.web.typography import date_long, plural

LABEL = "Changer les conditions"
NAMED_AT_MOST = 10
"""Members named in the words of one key."""


class NewTerms(Terms):
    """What is to be otherwise; what is left out stays."""

    lead_member: str | None = Field(default=None, max_length=40)
    """The code of the member that leads from now on."""
    delivery_expected_on: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)
    keys: Mapping[str, Any] = Field(default_factory=dict, max_length=100)
    """Allocation keys by charge code, as the allocation rule writes them."""

    @model_validator(mode="after")
    def _something(self) -> "NewTerms":
        if self.lead_member is None and self.delivery_expected_on is None and not self.keys:
            raise ValueError("Indiquez au moins une condition qui change")
        return self


# On the page of a decision.


@dataclass(frozen=True)
class KeyAsked:
    """One charge on the page: its key today, those it may be given, and the fields of the one chosen."""

    of: str
    label: str
    today: str
    options: list[tuple[str, str]]
    blocks: set[str]


@dataclass(frozen=True)
class NewTermsFields(Fields):
    """With the charges whose keys a decision may change, and whom a key may name."""

    charges: Sequence[Charge] = ()
    payers: Sequence[Payer] = ()
    items: Sequence[str] = ()

    template = "allocation/act_terms.html"

    @property
    def in_steps(self) -> bool:
        return bool(self.charges)

    async def typed(self, session: AsyncSession, terms: Mapping[str, Any]) -> dict[str, str]:
        code = terms.get("lead_member", "")
        values = {
            "delivery_expected_on": terms.get("delivery_expected_on", ""),
            "lead_member": (await _names(session, [code])).get(code, ""),
        }
        keys = terms.get("keys", {})
        for charge in self.charges:
            if charge.code in keys:
                values |= key_typed(keys[charge.code], self.payers, _of(charge))
        return values

    def begin(self, form: Form) -> bool:
        lacking = [charge for charge in self.charges if lacks_fields(form, _of(charge))]
        for charge in lacking:
            form.values = key_typed(charge.key, self.payers, _of(charge)) | form.values
        return bool(lacking)

    def shown(self, form: Form) -> Mapping[str, Any]:
        options = key_options(has_items=bool(self.items))
        return {
            "keys": [
                KeyAsked(
                    of=_of(charge),
                    label=charge.label,
                    today=f"Aujourd’hui : {in_words(charge.key)}.",
                    options=[(value, name) for value, name, _ in options if value != charge.key],
                    blocks=key_blocks(form, _of(charge)),
                )
                for charge in self.charges
            ],
            "mix_options": mix_options(has_items=bool(self.items)),
            "payers": self.payers,
            "boxes": has_boxes(self.payers),
        }

    def labels(self) -> Mapping[str, str]:
        """Which of the page's sums a sentence is about."""
        words = {"mix": "parties de la clé mixte", "percents": "pourcentages des membres", "weights": "poids"}
        return {
            f"{name}{_of(charge)}": f"{charge.label}, {said}" for charge in self.charges for name, said in words.items()
        }

    async def read(self, session: AsyncSession, form: Form) -> Mapping[str, Any]:
        delivery = form.date("delivery_expected_on") if form.text("delivery_expected_on") else None
        lead = await _lead(session, form)
        keys = await asyncio.to_thread(self._keys, form)  # maybe a line for each of 35 000 members
        form.check()
        if not (delivery or lead or keys):
            raise Invalid({"lead_member": "Indiquez au moins une condition qui change : pilote, livraison ou clé."})
        return {"lead_member": lead, "delivery_expected_on": delivery, "keys": keys}

    def _keys(self, form: Form) -> Mapping[str, Any]:
        return {charge.code: self._key(form, charge) for charge in self.charges if form.value(f"key{_of(charge)}")}

    def _key(self, form: Form, charge: Charge) -> Any:  # noqa: ANN401 - a key as JSON
        of, refused = _of(charge), len(form.errors)
        key = read_key(form, self.payers, of)
        if len(form.errors) == refused:
            known = Known([payer.code for payer in self.payers], self.items)
            for name, sentence in key_errors(key, known).items():
                form.refuse(f"{name}{of}", sentence)
        return key


def _of(charge: Charge) -> str:
    return f"-{charge.id}"


async def _asked(session: AsyncSession, purchase_id: int) -> Fields:
    charges = await charges_of(session, purchase_id)
    if not charges:
        return NewTermsFields()
    return NewTermsFields(charges, await payers_of(session, purchase_id), list(await item_ids(session, purchase_id)))


async def _lead(session: AsyncSession, form: Form) -> str | None:
    """The code of the member whose code or name was typed."""
    typed = form.text("lead_member")
    if not typed:
        return None
    rows = await session.execute(
        select(col(Member.code))
        .where(or_(col(Member.code) == typed, col(Member.name) == typed), col(Member.retired_on).is_(None))
        .limit(2)
    )
    codes = list(rows.scalars())
    if len(codes) != 1:
        form.refuse("lead_member", "Indiquez le nom exact d’un membre du groupe, ou son code (SIREN).")
        return None
    return str(codes[0])


# In words.


async def _says(session: AsyncSession, effects: Sequence[tuple[int, NewTerms]]) -> list[str]:
    members = await _names(session, {code for _, terms in effects for code in named_in(terms)})
    labels = await _charge_labels(session, {purchase_id for purchase_id, terms in effects if terms.keys})
    return [words_of(terms, members, labels.get(purchase_id, {})) for purchase_id, terms in effects]


def words_of(terms: NewTerms, members: Mapping[str, str], charges: Mapping[str, str]) -> str:
    """`Changer les conditions : pilote Lugos`. `members` are names by code (see `named_in`), `charges` labels by
    code.
    """
    said = []
    if terms.lead_member:
        said.append(f"pilote {members.get(terms.lead_member, terms.lead_member)}")
    if terms.delivery_expected_on:
        said.append(f"livraison prévue le {date_long(terms.delivery_expected_on)}")
    for code, key in terms.keys.items():
        said.append(f"« {charges.get(code, code)} » réparti {in_words(key)}{_given(key, members)}")
    return f"{LABEL} : {' ; '.join(said)}"


def named_in(terms: NewTerms) -> set[str]:
    """The codes of the members that the words name."""
    given = [code for key in terms.keys.values() for code, _ in given_in(key, NAMED_AT_MOST)[0]]
    return {*given, terms.lead_member or ""} - {""}


def _given(key: Any, members: Mapping[str, str]) -> str:  # noqa: ANN401 - a key as JSON
    """` (Lugos 60 %, Salles 40 %)`, the largest first."""
    given, more = given_in(key, NAMED_AT_MOST)
    said = ", ".join(f"{members.get(code, code)}\u00a0{words}" for code, words in given)
    others = f" et {plural(more, 'autre')}" if more else ""
    return f" ({said}{others})" if said else ""


async def _names(session: AsyncSession, codes: Collection[str]) -> dict[str, str]:
    """Members' names by code; no statement where there is nothing to ask."""
    wanted = set(codes) - {""}
    if not wanted:
        return {}
    rows = await session.execute(select(col(Member.code), col(Member.name)).where(any_of(col(Member.code), wanted)))
    return {code: name for code, name in rows}


async def _charge_labels(session: AsyncSession, purchases: Collection[int]) -> dict[int, dict[str, str]]:
    """Names of charges by code, by purchase."""
    labels: dict[int, dict[str, str]] = {}
    if purchases:
        rows = await session.execute(
            select(col(Charge.purchase_id), col(Charge.code), col(Charge.label)).where(
                any_of(col(Charge.purchase_id), purchases)
            )
        )
        for purchase_id, code, label in rows:
            labels.setdefault(purchase_id, {})[code] = label
    return labels


def _consequences(terms: NewTerms) -> list[str]:
    said = []
    if terms.keys:
        said.append("Les montants de chacun sont recalculés aussitôt ; les états déjà figés ne changent pas.")
    if terms.lead_member:
        said.append(
            "Les acheteurs pilotes nommés jusqu’ici le restent ; le référent du nouveau pilote peut en nommer d’autres."
        )
    if terms.delivery_expected_on:
        said.append("La nouvelle date de livraison se lit sur la page de l’achat.")
    return said


async def _doubts(
    session: AsyncSession,  # noqa: ARG001 - as the others
    purchase_id: int,  # noqa: ARG001
    terms: NewTerms,
    zone: ZoneInfo,
    now: datetime,
) -> list[str]:
    return list(doubts_of_delivery(terms.delivery_expected_on, now.astimezone(zone).date()))


# Carried out.


async def _carry_out(order: Order[NewTerms]) -> None:
    terms = order.terms
    lead_member_id = await _member(order.session, terms.lead_member) if terms.lead_member else None
    if terms.lead_member is not None or terms.delivery_expected_on is not None:
        await change_purchase(
            order.session,
            order.caller,
            order.subject_id,
            order.clock,
            lead_member_id=lead_member_id,
            delivery_expected_on=terms.delivery_expected_on,
            reason=order.reason,
        )
    for code, key in terms.keys.items():
        await _change_key(order, code, key)


async def _member(session: AsyncSession, code: str) -> int:
    found = await session.execute(
        select(col(Member.id)).where(col(Member.code) == code, col(Member.retired_on).is_(None))
    )
    member_id: int | None = found.scalar_one_or_none()
    if member_id is None:
        raise Invalid({"lead_member": "Le pilote désigné n’est plus membre du groupe."})
    return member_id


async def _change_key(order: Order[NewTerms], code: str, key: Any) -> None:  # noqa: ANN401 - a key as JSON
    try:
        charge = line_of_code(await charges_of(order.session, order.subject_id), code)
    except NotFound as gone:
        raise Conflict(
            f"Les frais « {code} » dont la clé devait changer n’existent plus.", code="charge_gone"
        ) from gone
    exact = {"vat_rate": charge.vat_rate, "percent": charge.percent}
    command = ChargeIn(**{**content_of(charge), **exact, "key": key})
    if not choices_in(key) & OF_ITEMS:
        command = replace(command, items=None)
    if choice_of(key) in NAMING:
        command = replace(command, scope=None)
    await change_line(
        order.session, order.caller, order.subject_id, CHARGES, code, command, order.clock, reason=order.reason
    )


CHANGE_TERMS = Act(
    name="change_terms",
    label=LABEL,
    subject="purchase",
    possible=frozenset(set(PurchaseState) - OVER),
    terms=NewTerms,
    asks=_asked,
    carry_out=_carry_out,
    says=_says,
    consequences=_consequences,
    doubts=_doubts,
    did={
        "purchase.terms_changed": "les conditions de l’achat ont changé",
        "charge.changed": "la clé de répartition de « {label} » a changé",
    },
    incomplete="Précisez ce que la décision change : une date, un pilote ou une clé.",
)
