"""The form in which an arrival is noted: a box for each line of the order, large enough for a thumb."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from itertools import groupby
from typing import Any

from pooling.receipts.queries import LineShown, Noted, ReceiptShown
from pooling.receipts.schemas import (
    LARGEST_UNITS,
    LONGEST_DELIVERY_NOTE,
    LONGEST_NOTE,
    LONGEST_WHY,
    NotedIn,
    ReceiptIn,
)
from pooling.web.forms import Form
from pooling.web.typography import number, plural

ALL_CAME = "tout"
"""The button that fills in what is due."""


def blank_form(today: date, latest: int) -> Form:
    """`latest` is the receipt that was noted last of the order: what is sent twice from there is one."""
    return Form(values={"received_on": today.isoformat(), "token": str(latest)})


def form_of_receipt(receipt: ReceiptShown, noted: Sequence[Noted]) -> Form:
    """What a receipt says, to be corrected."""
    values = {
        "received_on": receipt.received_on.isoformat(),
        "delivery_note": receipt.delivery_note,
        "note": receipt.note,
        "token": str(receipt.id),
    }
    for one in noted:
        values[f"recu-{one.line_id}"] = str(one.accepted or "")
        values[f"refus-{one.line_id}"] = str(one.refused or "")
        values[f"motif-{one.line_id}"] = one.reason
    return Form(values=values)


def fill_in(form: Form, lines: Sequence[LineShown]) -> None:
    """What is still due, less what is refused; boxes in which something is typed stay."""
    for line in lines:
        field = f"recu-{line.id}"
        if not form.value(field).strip() and line.arrived.due:
            refused = form.value(f"refus-{line.id}").strip()
            left = line.arrived.due - (int(refused) if refused.isdecimal() and len(refused) < 8 else 0)  # noqa: PLR2004
            form.values[field] = str(max(0, left))


def read_arrival(form: Form, lines: Sequence[LineShown], person_id: int) -> tuple[ReceiptIn, dict[str, str]]:
    """What was typed, and the form's names for what the use case calls otherwise. Empty boxes are none."""
    noted, fields = list[NotedIn](), dict[str, str]()
    for line in lines:
        accepted = form.integer(f"recu-{line.id}", largest=LARGEST_UNITS, default=0)
        refused = form.integer(f"refus-{line.id}", largest=LARGEST_UNITS, default=0)
        reason = form.text(f"motif-{line.id}", longest=LONGEST_WHY)
        if accepted or refused:
            fields[f"lines.{len(noted)}"] = f"recu-{line.id}"
            fields[f"lines.{len(noted)}.reason"] = f"motif-{line.id}"
            noted.append(NotedIn.model_construct(line=line.id, accepted=accepted, refused=refused, reason=reason))
    read: dict[str, Any] = {
        "received_on": form.date("received_on") or date.min,
        "delivery_note": form.text("delivery_note", longest=LONGEST_DELIVERY_NOTE),
        "note": form.lines("note", longest=LONGEST_NOTE),
        "lines": tuple(noted),
    }
    said = [person_id, form.value("token")[:64], *(str(value) for value in read.values())]
    read["token"] = sha256(repr(said).encode()).hexdigest()
    return ReceiptIn.model_construct(**read), fields


def places(lines: Sequence[LineShown], form: Form) -> list[dict[str, Any]]:
    """The boxes by place, as the page shows them: those where something is still to arrive first."""
    shown = []
    for (code, member, site, address), here in groupby(
        lines, key=lambda line: (line.member_code, line.member, line.site, line.address)
    ):
        shown.append(
            {
                "code": code,
                "member": member,
                "site": site,
                "address": address,
                "lines": [_box(line, form) for line in here],
            }
        )
    return sorted(shown, key=lambda place: not any(box["is_due"] for box in place["lines"]))


def _box(line: LineShown, form: Form) -> dict[str, Any]:
    arrived = line.arrived
    said = [f"{number(arrived.ordered)} en commande"]
    if arrived.accepted:
        said.append(f"{number(arrived.accepted)} déjà là")
    if arrived.refused:
        said.append(f"refus de {number(arrived.refused)}")
    return {
        "id": line.id,
        "item": line.item,
        "unit": line.unit,
        "said": ", ".join(said),
        "due": f"{plural(arrived.due, line.unit)} à recevoir" if arrived.due else "plus rien à recevoir",
        "is_due": bool(arrived.due),
        "refuses": any(
            form.value(f"{name}-{line.id}") or form.error(f"{name}-{line.id}") for name in ("refus", "motif")
        ),
    }
