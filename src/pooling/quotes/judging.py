"""Criteria, and the marks that quotes are given for them, each with its reason: by the purchase's lead buyer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import insert_many
from pooling.kernel.errors import Invalid
from pooling.kernel.events import record_event
from pooling.kernel.text import Line
from pooling.kernel.versions import OF_A_PAGE, check_version
from pooling.members.rights import Caller
from pooling.quotes.comparing import criteria_of, given_marks
from pooling.quotes.keeping import differing, lock_comparing
from pooling.quotes.models import CriterionKind, QuoteCriterion, QuoteMark
from pooling.quotes.queries import find_quote
from pooling.quotes.rules import BEST_MARK, COMPUTED, Criterion, Given, criteria_error
from pooling.quotes.schemas import MOST_CENTS
from pooling.quotes.words import KINDS
from pooling.web.typography import euros, number

MOST_CRITERIA = 12


class CriterionIn(BaseModel):
    """What quotes are to be judged by; its weight is percent."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    kind: CriterionKind
    label: Line = Field(default="", max_length=120)
    """Empty: what its kind is called."""
    weight: Decimal = Field(gt=0, le=100, max_digits=5, decimal_places=2)


class MarkIn(BaseModel):
    """A mark out of 20, or the life-cycle cost in cents, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    mark: Decimal | None = Field(default=None, ge=0, le=BEST_MARK, max_digits=4, decimal_places=2)
    cents: int | None = Field(default=None, ge=0, le=MOST_CENTS)
    reason: str = Field(default="", max_length=1_000)


def content_of(criteria: Sequence[Criterion]) -> list[dict[str, object]]:
    """What a version of them is of."""
    return [
        {
            "kind": str(one.kind),
            "label": one.label,
            "weight": str(Decimal(one.weight.numerator) / one.weight.denominator),
        }
        for one in criteria
    ]


def marks_content(criteria: Sequence[Criterion], given: Mapping[tuple[int, int], Given], quote_id: int) -> list[object]:
    """What a version of a quote's marks is of: the criteria too."""
    said = [given.get((one.number, quote_id), Given()) for one in criteria]
    return [content_of(criteria), [[str(one.mark), one.cents, one.reason] for one in said]]


async def keep_criteria(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: Sequence[CriterionIn],
    now: datetime,
    *,
    shown: str | None = None,
) -> list[Criterion]:
    """Writes down what quotes are judged by, all of it. Marks stay with criteria whose place, kind and name stay.

    Raises:
        Forbidden, NotFound, Conflict: as `lock_comparing`.
        ChangedMeanwhile: somebody else has said otherwise since.
        Invalid: the law or arithmetic is against them.
    """
    await lock_comparing(session, caller, purchase_id)
    before = await criteria_of(session, purchase_id)
    check_version(content_of(before), shown, OF_A_PAGE)
    after = [
        Criterion(place, one.kind, one.label or KINDS[one.kind], Fraction(one.weight))
        for place, one in enumerate(command, start=1)
    ]
    if len(after) > MOST_CRITERIA:
        raise Invalid({"criteria": f"Donnez {MOST_CRITERIA} critères au plus."})
    if error := criteria_error(after):
        raise Invalid({"criteria": error})
    kept = {(one.number, one.kind, one.label) for one in after} & {(one.number, one.kind, one.label) for one in before}
    gone = [one.number for one in before if (one.number, one.kind, one.label) not in kept]
    of_it = col(QuoteCriterion.purchase_id) == purchase_id
    await session.execute(delete(QuoteCriterion).where(of_it, col(QuoteCriterion.number).in_(gone)))
    await insert_many(
        session,
        QuoteCriterion,
        [
            {
                "purchase_id": purchase_id,
                "number": one.number,
                "kind": str(one.kind),
                "label": one.label,
                "weight": Decimal(one.weight.numerator) / one.weight.denominator,
            }
            for one in after
        ],
        on_conflict="ON CONFLICT (group_id, purchase_id, number) DO UPDATE SET weight = EXCLUDED.weight",
    )
    changed = differing(_words(before), _words(after))
    if changed:
        _tell(session, caller, purchase_id, "quote.criteria_set", now, {"changed": changed})
    return await criteria_of(session, purchase_id)


def _words(criteria: Sequence[Criterion]) -> dict[str, str]:
    return {one.label: f"{number(one.weight)} %" for one in criteria}


async def keep_marks(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    quote_id: int,
    command: Mapping[int, MarkIn],
    now: datetime,
    *,
    shown: str | None = None,
) -> None:
    """Writes down what a quote is given, by the number of the criterion; one that is left out has nothing yet.

    Raises:
        Forbidden, NotFound, Conflict: as `lock_comparing`; the purchase has no such quote.
        ChangedMeanwhile: somebody else has said otherwise since.
        Invalid: a criterion is unknown or computed, has no mark or cost, or nobody says why.
    """
    await lock_comparing(session, caller, purchase_id)
    found = await find_quote(session, purchase_id, quote_id, now)
    criteria, given = await criteria_of(session, purchase_id), await given_marks(session, purchase_id)
    check_version(marks_content(criteria, given, quote_id), shown, OF_A_PAGE)
    _check_marks(criteria, command)
    of_it = (col(QuoteMark.purchase_id) == purchase_id, col(QuoteMark.quote_id) == quote_id)
    await session.execute(delete(QuoteMark).where(*of_it))
    rows = [
        {"quote_id": quote_id, "number": place, "purchase_id": purchase_id, **one.model_dump()}
        for place, one in command.items()
    ]
    await insert_many(session, QuoteMark, rows)
    before = {
        one.label: _given_words(given[one.number, quote_id]) for one in criteria if (one.number, quote_id) in given
    }
    said = {
        one.label: _given_words(Given(None if mark.mark is None else Fraction(mark.mark), mark.cents, mark.reason))
        for one in criteria
        if (mark := command.get(one.number)) is not None
    }
    if changed := differing(before, said):
        details = {"supplier_id": found.quote.supplier_id, "changed": changed}
        _tell(session, caller, purchase_id, "quote.marked", now, details)


def _check_marks(criteria: Sequence[Criterion], command: Mapping[int, MarkIn]) -> None:
    known = {one.number: one for one in criteria if one.kind not in COMPUTED}
    errors: dict[str, str] = {}
    for place, one in command.items():
        if place not in known:
            errors[f"marks.{place}"] = "Ce critère n’attend pas de note."
            continue
        costs = known[place].kind == CriterionKind.LIFE_CYCLE
        if (one.cents is None) if costs else (one.mark is None):
            errors[f"marks.{place}"] = "Indiquez le coût." if costs else "Indiquez une note sur 20."
        elif (one.mark is not None) if costs else (one.cents is not None):
            errors[f"marks.{place}"] = "Indiquez un coût, ou une note, pas les deux."
        if not one.reason:
            errors[f"reasons.{place}"] = "Dites pourquoi."
    if errors:
        raise Invalid(errors)


def _given_words(given: Given) -> str:
    said = euros(given.cents) if given.cents is not None else f"{number(given.mark or 0)} sur {BEST_MARK}"
    return f"{said}, {given.reason}"


def _tell(
    session: AsyncSession, caller: Caller, purchase_id: int, name: str, now: datetime, details: dict[str, object]
) -> None:
    record_event(
        session, at=now, person_id=caller.person_id, subject=("purchase", purchase_id), name=name, details=details
    )
