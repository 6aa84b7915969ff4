"""Entries in French."""

from pooling.recovery.models import EntryKind

KINDS = {
    EntryKind.TITRE: "Titre",
    EntryKind.REDUCTION: "Réduction de titre",
    EntryKind.PAYMENT: "Paiement",
    EntryKind.REIMBURSEMENT: "Remboursement",
    EntryKind.REMINDER: "Relance",
}
