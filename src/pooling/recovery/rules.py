"""What is to do between a debtor and its creditor, told by four sums. Pure; the one place that decides it."""

from enum import StrEnum
from typing import NamedTuple

from pooling.recovery.models import EntryKind
from pooling.sharing.money import Cents

ISSUES = {EntryKind.TITRE: 1, EntryKind.REDUCTION: -1}
PAYS = {EntryKind.PAYMENT: 1, EntryKind.REIMBURSEMENT: -1}
"""Which way the amount of an entry counts; others count for nothing."""


class RecoveryState(StrEnum):
    NOTHING = "nothing"
    TOO_SMALL = "too_small"
    """Something is owed, for which no titre is issued."""
    TO_ISSUE = "to_issue"
    ISSUED = "issued"
    PARTLY_PAID = "partly_paid"
    OVERDUE = "overdue"
    PAID = "paid"
    TO_REDUCE = "to_reduce"
    TO_REIMBURSE = "to_reimburse"


WORDS = {
    RecoveryState.NOTHING: "Rien à recouvrer",
    RecoveryState.TOO_SMALL: "Trop peu pour un titre",
    RecoveryState.TO_ISSUE: "Titre à émettre",
    RecoveryState.ISSUED: "Titre émis",
    RecoveryState.PARTLY_PAID: "Payé en partie",
    RecoveryState.OVERDUE: "En retard",
    RecoveryState.PAID: "Payé",
    RecoveryState.TO_REDUCE: "Titre à réduire",
    RecoveryState.TO_REIMBURSE: "Trop-perçu à rembourser",
}


class Standing(NamedTuple):
    """In cents with VAT."""

    owed: Cents
    """By the latest version; negative: the creditor owes it."""
    issued: Cents
    """Titres less reductions."""
    late: Cents
    """Of these, what was due before today."""
    paid: Cents
    """Payments less what was given back."""

    @property
    def remaining(self) -> Cents:
        return self.owed - self.paid

    def to_issue(self, smallest: Cents) -> Cents:
        """The titre that lacks; negative: the reduction. No titre is issued below the smallest one."""
        lacking = self.owed - self.issued
        if 0 <= lacking < smallest:
            return 0
        return max(lacking, -self.issued)  # nothing can be reduced that was not issued

    def state(self, smallest: Cents) -> RecoveryState:
        lacking = self.to_issue(smallest)
        if self.paid > self.owed:
            return RecoveryState.TO_REIMBURSE
        if lacking < 0:
            return RecoveryState.TO_REDUCE
        if self.late > self.paid:
            return RecoveryState.OVERDUE
        if lacking > 0:
            return RecoveryState.TO_ISSUE
        if self.issued > self.paid:
            return RecoveryState.PARTLY_PAID if self.paid > 0 else RecoveryState.ISSUED
        return self._at_rest

    @property
    def _at_rest(self) -> RecoveryState:
        """Nothing is to be issued, and nothing that was is unpaid."""
        if self.paid > 0:
            return RecoveryState.PAID
        return RecoveryState.TOO_SMALL if self.owed > 0 else RecoveryState.NOTHING
