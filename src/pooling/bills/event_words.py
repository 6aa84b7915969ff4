"""What happens to bills, in words for the journal."""

from collections.abc import Mapping

from pooling.bills.models import Bill
from pooling.bills.rules import BILL
from pooling.kernel.errors import enumerated
from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names, Subject, named_by
from pooling.web.typography import euros

SENTENCES: Mapping[str, str] = {
    "bill.noted": "a reçu la facture {bill}, {amount} TTC",
    "bill.changed": "a corrigé la saisie de la facture {bill}",
    "bill.completed": "a complété les lignes de la facture {bill}",
    "bill.supplier_named": "a dit de quel fournisseur est la facture {bill}",
    "bill.linked": "a rattaché la facture {bill} {orders}",
    "bill.unlinked": "a détaché la facture {bill} de sa commande",
    "bill.matched": "a rapproché les lignes de la facture {bill}",
    "bill.accepted": "a accepté la facture {bill}, {amount} TTC{differences}",
    "bill.disputed": "a contesté la facture {bill}",
    "bill.rejected": "a refusé la facture {bill}",
    "bill.taken_back": "a repris la décision sur la facture {bill}",
    "bill.advance_paid": "a noté une avance de {paid} sur une commande de {purchase}",
    "bill.advance_forgotten": "a retiré une avance de {paid} sur une commande de {purchase}",
}


def _amount(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return euros(int(event.details.get("ttc_cents", 0)))


def _paid(event: Event, names: Names) -> str:  # noqa: ARG001
    return euros(int(event.details.get("cents", 0)))


def _orders(event: Event, names: Names) -> str:  # noqa: ARG001
    told = [str(one) for one in event.details.get("orders", ())]
    if not told:
        return "à sa commande"
    return f"à la commande {told[0]}" if len(told) == 1 else f"aux commandes {enumerated(told)}"


def _differences(event: Event, names: Names) -> str:  # noqa: ARG001
    """What it was accepted in spite of."""
    told = event.details.get("differences", ())
    return f", malgré : {' '.join(map(str, told))}" if told else ""


EVENTS = EventWords(
    SENTENCES,
    (
        Subject(
            "bill",
            "Factures",
            otherwise="d’un fournisseur",
            states=BILL.words,
            named=named_by(Bill.id, Bill.number),
        ),
    ),
    gaps={"amount": _amount, "paid": _paid, "differences": _differences, "orders": _orders},
)
