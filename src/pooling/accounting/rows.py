"""The rows of a file for an accounting package: members, lines, what is owed to one creditor, what is paid."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum

from pooling.accounting.dues import Owes, payments_for_others
from pooling.accounting.fields import Entry
from pooling.accounting.reading import BookedRecord
from pooling.allocation.booking import BOOKED, Booked
from pooling.sharing.statement import StatedLine, StatedShare


class Rows(StrEnum):
    """What a row of a layout is."""

    MEMBERS = "members"
    """A member, with its whole share."""
    LINES = "lines"
    """A line of a member's share."""
    TITRES = "titres"
    """What a member owes one other: its titre, where it is not too small for one."""
    PAYMENTS = "payments"
    """A line, paid to a creditor: together what each owes. The lead that pays for all pays suppliers everything."""


def rows_of(booked: BookedRecord, kind: Rows, creditor: str = "") -> Iterator[Entry]:
    """In the order of members. Titres are those of the lead, or of another `creditor`, by its code."""
    match kind:
        case Rows.MEMBERS:
            yield from booked.entries()
        case Rows.LINES:
            yield from (replace(entry, line=line) for entry in booked.entries() for line in entry.lines)
        case Rows.TITRES:
            yield from _titres(booked.entries(), (creditor or booked.buying.lead, 0))
        case Rows.PAYMENTS:
            yield from _payments(booked)


def _titres(entries: Iterable[Entry], to: Owes) -> Iterator[Entry]:
    for entry in entries:
        cents = entry.owed.get(to, 0)
        if cents and not entry.buying.too_small(to, cents):
            yield replace(entry, lines=[one.booked for one in entry.payments if one.to == to], to=to)


def _payments(booked: BookedRecord) -> Iterator[Entry]:
    buying, sums = booked.buying, _Sums(booked.stated.result.lines)
    lead: Entry | None = None
    for entry in booked.entries():
        sums.add(entry.lines)
        lead = entry if entry.code == buying.lead else lead
        yield from (replace(entry, line=one.booked, to=one.to) for one in entry.payments)
    if not buying.each_buys:
        lead = lead or booked.lead_without_share()
        others = payments_for_others(buying, lead.lines, sums.lines(), lead.owed)
        yield from (replace(lead, line=one.booked, to=one.to, for_others=True) for one in others)


class _Sums:
    """Lines over all members."""

    def __init__(self, lines: Iterable[StatedLine]) -> None:
        self._lines = [line for line in lines if line.kind in BOOKED]
        self._of = {id(line): [0, 0, 0] for line in self._lines}

    def add(self, lines: Iterable[Booked]) -> None:
        for one in lines:
            sums = self._of[id(one.line)]
            sums[0] += one.ht
            sums[1] += one.vat
            sums[2] += int(one.share.value)

    def lines(self) -> list[Booked]:
        return [
            Booked(line, StatedShare(place, ht, 0, units), vat, 0, 0)
            for place, line in enumerate(self._lines)
            for ht, vat, units in [self._of[id(line)]]
        ]
