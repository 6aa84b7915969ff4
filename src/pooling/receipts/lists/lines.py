"""A line of a list as it was typed, read as what it means. Pure; which line of an order it names is asked of the
database (`reading.py`), of many at once.
"""

import re
from typing import NamedTuple

from pooling.kernel.list_reading import Line, without_blanks
from pooling.kernel.text import one_line, whole_number
from pooling.receipts.schemas import LARGEST_UNITS, LONGEST_DELIVERY_NOTE, LONGEST_WHY
from pooling.web.typography import number

COLUMNS = {
    "line": ("ligne", "line"),
    "order": ("commande", "bon de commande", "order"),
    "member": ("code du membre", "siren", "code membre", "member"),
    "site": ("lieu", "site"),
    "item": ("code article", "article", "item"),
    "accepted": ("reçu", "reçu et accepté", "accepté", "quantité livrée", "accepted"),
    "refused": ("refusé", "refused"),
    "reason": ("motif du refus", "motif", "reason"),
    "delivery_note": ("bon de livraison", "delivery_note"),
}
"""Our names, and the headings that mean them."""
REQUIRED = ("accepted",)
_WHOLE = re.compile(r"(\d{1,9})(?:[.,]0{1,2})?")
_TWO_READINGS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_KEY = re.compile(r"[Ll](\d{1,18})")
"""`L1234`: a line of an order, as the template names it."""


class Read(NamedTuple):
    """What a line says. Without units it says nothing."""

    number: int
    line_id: int | None
    order: str
    member: str
    site: str
    item: str
    accepted: int
    refused: int
    reason: str
    delivery_note: str
    problem: str
    """Why it cannot be taken; empty: it can, as far as it says itself."""


class _Refused(Exception):
    pass


def read_line(line: Line) -> Read | None:
    """None: it says of no units."""
    if not line["accepted"] and not line["refused"]:
        return None
    problem, accepted, refused, key = "", 0, 0, None
    reason, note = one_line(line["reason"]), one_line(line["delivery_note"])
    try:
        accepted = _units(line["accepted"], "la quantité reçue")
        refused = _units(line["refused"], "la quantité refusée")
        key = _key(line["line"])
        _check(refused, reason, note)
    except _Refused as refusal:
        problem = str(refusal)
    if not problem and not accepted and not refused:
        return None
    return Read(
        line.number, key, one_line(line["order"]), without_blanks(line["member"]), one_line(line["site"]),
        one_line(line["item"]), accepted, refused, reason[:LONGEST_WHY] if refused else "",
        note[:LONGEST_DELIVERY_NOTE], problem,
    )  # fmt: skip


def _units(typed: str, what: str) -> int:
    plain = without_blanks(typed)
    if not plain:
        return 0
    if _TWO_READINGS.fullmatch(plain):
        raise _Refused(f"{what} « {typed[:20]} » peut se lire de deux façons : écrivez-la sans point ni virgule")
    match = _WHOLE.fullmatch(plain)
    units = None if match is None else whole_number(match[1], 9)
    if units is None or units > LARGEST_UNITS:
        raise _Refused(f"{what} « {typed[:20]} » n’est pas un nombre entier entre 0 et {number(LARGEST_UNITS)}")
    return units


def _key(typed: str) -> int | None:
    plain = without_blanks(typed)
    if not plain:
        return None
    match = _KEY.fullmatch(plain)
    if match is None:
        raise _Refused(f"« {typed[:20]} » n’est pas un numéro de ligne du modèle")
    return int(match[1])


def _check(refused: int, reason: str, note: str) -> None:
    if refused and not reason:
        raise _Refused("le motif du refus manque")
    if len(reason) > LONGEST_WHY:
        raise _Refused(f"le motif du refus dépasse {LONGEST_WHY} caractères")
    if len(note) > LONGEST_DELIVERY_NOTE:
        raise _Refused(f"le numéro du bon de livraison dépasse {LONGEST_DELIVERY_NOTE} caractères")
