"""An allocation as rows: what stands for all of it, and one row per member, of a frozen record or of things as they
stand. Nothing here computes.

Numbers that are no integers are kept as exact fractions, `11/2`; what a line or a share does not have is left out.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from fractions import Fraction
from hashlib import sha256
from itertools import islice
from typing import Any, Protocol

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.figures import Filing, Labels, row_count
from pooling.allocation.models import ShareColumns
from pooling.sharing.allocation_case import InvoiceLine
from pooling.sharing.allocation_result import ItemShare, MemberResult, Totals
from pooling.sharing.money import Cents
from pooling.sharing.shared_lines import KeyName, LineKind
from pooling.sharing.statement import StatedLine, StatedMember, StatedPart, StatedShare, StatedWarning, Statement
from pooling.sharing.tying import Tie, Tying, Untied


class ShareRow(Protocol):
    """What of `ShareColumns` a statement's member is made of."""

    @property
    def member(self) -> str: ...
    @property
    def ht(self) -> Cents: ...
    @property
    def vat(self) -> Cents: ...
    @property
    def subsidies(self) -> Cents: ...
    @property
    def fctva(self) -> Cents: ...
    @property
    def vat_by_rate(self) -> dict[str, Cents]: ...
    @property
    def gets_fctva(self) -> bool: ...
    @property
    def lines(self) -> list[Any]: ...


_EXACT = frozenset({"vat_rate", "unit_price", "rate", "whole"})
_NAMES = ("items", "charges", "subsidies")
AT_ONCE = 500
_JSON = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode


def json_written(head: Mapping[str, Any], lists: Mapping[str, Iterable[Any]]) -> str:
    """An object as JSON, with lists so long that of their elements some are held at a time."""
    written = (f"{_JSON(name)}:[{','.join(_in_pieces(many))}]" for name, many in lists.items())
    return f"{{{','.join((_JSON(head)[1:-1], *written))}}}"


def _in_pieces(many: Iterable[Any]) -> Iterator[str]:
    """Some at a time: beginning to write takes longer than writing what is small."""
    rest = iter(many)
    while some := list(islice(rest, AT_ONCE)):
        yield _JSON(some)[1:-1]


def head_of(stated: StatedPurchase) -> dict[str, Any]:
    """What is everybody's: lines, totals, warnings, names and where the figures come from."""
    result, since = stated.result, stated.keys_frozen_at
    return {
        "label": result.label,
        "basis": stated.basis,
        "keys_frozen_at": since.isoformat() if since else None,
        "fctva": stated.fctva,
        "fctva_rate": str(result.fctva_rate),
        "lines": [_written(line) for line in result.lines],
        "totals": {name: getattr(result.totals, name) for name in ("ht", "vat", "subsidies", "fctva")},
        "warnings": [list(warning) for warning in result.warnings],
        "invoice": [[str(rate), line.ht, line.vat] for rate, line in result.invoice.items()],
        "names": {kind: dict(getattr(stated.labels, kind)) for kind in _NAMES},
        "workbook_rows": row_count(result),
        **_tied(stated),
    }


NAMED_UNTIED = 50
"""Members whose bills are not their shares, as many as are kept by name."""


def _tied(stated: StatedPurchase) -> dict[str, Any]:
    """How it stands to accepted bills, where there are any; who paid what is on none of them."""
    tie = stated.tie
    kept: dict[str, Any] = {"paid_by": dict(stated.paid_by)} if stated.paid_by else {}
    if tie.to is not Tying.NONE:
        untied = [list(one) for one in tie.untied[:NAMED_UNTIED]]
        kept["tie"] = {
            "to": str(tie.to), "untied": untied, "more": len(tie.untied) - len(untied), "tied": tie.tied,
            "waiting": tie.waiting,
        }  # fmt: skip
    return kept


def tie_of(head: Mapping[str, Any]) -> Tie:
    """What `head_of` keeps of it: of those that are not tied, the first by name."""
    kept = head.get("tie")
    if kept is None:
        return Tie()
    return Tie(Tying(kept["to"]), [Untied(*one) for one in kept["untied"]], kept["tied"], kept["waiting"], kept["more"])


def rows_of(stated: StatedPurchase, members: Sequence[StatedMember] | None = None) -> list[dict[str, Any]]:
    """One row per member, without its record: of all, or of these."""
    return [
        {
            "member": member.result.id,
            "name": stated.labels.member(member.result.id),
            "budget": stated.budgets.get(member.result.id, ""),
            "ht": member.result.ht,
            "vat": member.result.vat,
            "subsidies": member.result.subsidised,
            "fctva": member.result.fctva,
            "net": member.result.net,
            "vat_by_rate": _JSON(member.result.vat_by_rate),
            "gets_fctva": member.fctva,
            "lines": f"[{','.join(map(_share_written, member.shares))}]",
        }
        for member in (stated.result.members if members is None else members)
    ]


class Fingerprint:
    """Stands for what is everybody's, and for the rows that are added, in their order."""

    def __init__(self, head: Mapping[str, Any]) -> None:
        self._of = sha256(json.dumps(head, sort_keys=True, ensure_ascii=False).encode())

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            self._of.update(repr(tuple(row.values())).encode())

    def __str__(self) -> str:
        return self._of.hexdigest()


def kept_of(stated: StatedPurchase) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """What is everybody's, the rows, and a fingerprint that stands for both."""
    head, rows = head_of(stated), rows_of(stated)
    fingerprint = Fingerprint(head)
    fingerprint.add(rows)
    return head, rows, str(fingerprint)


def stated_of(head: Mapping[str, Any], rows: Sequence[ShareColumns], rule_version: int) -> StatedPurchase:
    """What these rows say, in the rule's order of members whatever the database's."""
    rows = sorted(rows, key=lambda row: row.member)
    lines = [_line(written) for written in head["lines"]]
    since = head["keys_frozen_at"]
    return StatedPurchase(
        result=Statement(
            label=head["label"],
            fctva_rate=Fraction(head["fctva_rate"]),
            lines=lines,
            members=[member_of(row, lines) for row in rows],
            totals=Totals(**head["totals"]),
            warnings=[StatedWarning(*warning) for warning in head["warnings"]],
            invoice={Fraction(rate): InvoiceLine(ht, vat) for rate, ht, vat in head["invoice"]},
            rule_version=rule_version,
        ),
        labels=Labels(
            {row.member: row.name for row in rows},
            **{kind: head["names"][kind] for kind in _NAMES},
            filing={code: Filing(*filing) for code, filing in head.get("filing", {}).items()},
        ),
        basis=head["basis"],
        keys_frozen_at=datetime.fromisoformat(since) if since else None,
        fctva=head["fctva"],
        budgets={row.member: row.budget for row in rows if row.budget},
        tie=tie_of(head),
        paid_by=head.get("paid_by", {}),
    )


def _written(line: StatedLine | StatedPart) -> dict[str, Any]:
    values = {each.name: getattr(line, each.name) for each in fields(line)}
    defaults = {each.name: each.default for each in fields(line) if each.default is not MISSING}
    return {
        name: [_written(part) for part in value] if name == "parts" else _number(value)
        for name, value in values.items()
        if name not in defaults or value != defaults[name]
    }


def _line(written: Mapping[str, Any]) -> StatedLine:
    values: dict[str, Any] = {name: Fraction(value) if name in _EXACT else value for name, value in written.items()}
    parts = tuple(
        StatedPart(Fraction(part["percent"]), KeyName(part["key"]), Fraction(part["whole"]))
        for part in written.get("parts", ())
    )
    values |= {"kind": LineKind(written["kind"]), "key": KeyName(written["key"]), "parts": parts}
    return StatedLine(**values)


def _share_written(share: StatedShare) -> str:
    if share[5:] == _NOTHING_MORE:  # most of them, hundreds of thousands
        line, cents, numerator, value, rank = share[:5]
        known = value if isinstance(value, int) else f'"{value}"'
        more = "" if rank is None else f",{rank}"
        return f"[{line},{cents},{numerator},{known}{more}]"
    line, cents, numerator, value, rank, parts, eligible, units = share
    known_of = [[[_number(value), _number(weight)] for value, weight in parts], eligible, units]
    while known_of[-1] in (0, []):
        known_of.pop()
    return _JSON([line, cents, numerator, _number(value), rank, *known_of])


_NOTHING_MORE = ((), 0, 0)
"""What a share has after its rank when it is neither of a mix nor of a subsidy."""


def share_of(written: Sequence[Any]) -> StatedShare:
    """One of the `lines` of a row."""
    line, cents, numerator, value, *more = written
    if len(more) > 1:
        more[1] = tuple((Fraction(one), Fraction(weight)) for one, weight in more[1])
    return StatedShare(line, cents, numerator, Fraction(value) if isinstance(value, str) else value, *more)


def _number(value: Any) -> Any:  # noqa: ANN401 - fractions become text, all else stays
    return str(value) if isinstance(value, Fraction) else value


def member_of(row: ShareRow, lines: Sequence[StatedLine]) -> StatedMember:
    """One member of such a statement, by its row."""
    shares = [share_of(written) for written in row.lines]
    of_kind: dict[LineKind, list[tuple[str, StatedShare]]] = {kind: [] for kind in LineKind}
    for share in shares:
        of_kind[lines[share.line].kind].append((lines[share.line].id, share))
    result = MemberResult(
        id=row.member,
        items={id_: ItemShare(int(share.value), share.cents) for id_, share in of_kind[LineKind.ITEM]},
        charges={id_: share.cents for id_, share in of_kind[LineKind.CHARGE] if share.cents},
        adjustment=sum(share.cents for _, share in of_kind[LineKind.ADJUSTMENT]),
        ht=row.ht,
        vat_by_rate=row.vat_by_rate,
        vat=row.vat,
        subsidies={id_: share.cents for id_, share in of_kind[LineKind.SUBSIDY] if share.cents},
        subsidised=row.subsidies,
        fctva=row.fctva,
    )
    return StatedMember(result, shares, row.gets_fctva)
