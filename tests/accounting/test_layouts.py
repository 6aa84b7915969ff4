"""Files for accounting packages: their layouts are configuration, fields have limits, encodings say what they lost."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pooling.accounting.configuration import EXPENSES, RECEIPTS, AccountingLayouts, Layout, read_layouts
from pooling.accounting.dues import (
    BY_RECEIPT,
    NO_TITRE,
    SUPPLIER,
    Buying,
    Creditor,
    Due,
    Owes,
    dues_of,
    owed_by,
    paid_to,
)
from pooling.accounting.reading import LONGEST_NUMBER, BookedRecord, statement_number
from pooling.accounting.rows import Rows, rows_of
from pooling.accounting.statement import statement_data
from pooling.accounting.writing import in_encoding, write_layout
from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.booking import Bookkeeping, Identity
from pooling.allocation.configuration import read_finance
from pooling.allocation.figures import Labels
from pooling.allocation.records.opening import FoundRecord
from pooling.allocation.records.owing import debts_stated
from pooling.allocation.supplying import Seller, Supplying
from pooling.kernel.configuration import ConfigurationError
from pooling.purchases.models import Purchase
from pooling.web.typography import euros
from sharing.test_workbooks import CASE, stated

CONFIG = Path(__file__).parents[2] / "config"
FROZEN = datetime(2027, 3, 1, 23, 30, tzinfo=UTC)
LEAD = Creditor("Arcachon", "213300098")


def booked(case: Any = CASE, buying: Buying | None = None, **names: str) -> BookedRecord:  # noqa: ANN401 - JSON
    statement = stated(case)
    named = {"02159": "Łódź – l’Étang ≥ 2", **names}
    buying = buying or Buying("z", each_buys=False, members={"z": LEAD})
    kept = StatedPurchase(statement, Labels(members=named), "quantités", None, None, {}, paid_by=buying.payers)
    owed: dict[str, dict[Owes, int]] = {}
    paying: Any = {"lead": buying.lead, "each_pays": buying.each_buys, "supplying": buying.supplying}
    for debt in debts_stated(kept, **paying):
        mine, to = owed.setdefault(debt.debtor, {}), (debt.creditor, debt.supplier)
        mine[to] = mine.get(to, 0) + debt.cents
    return BookedRecord(
        FoundRecord(7, 2, FROZEN, None, 1, {}),
        Purchase(group_id=1, reference="AG-2027-001", title="Arceaux", lead_member_id=1),
        "Bassin",
        ZoneInfo("Europe/Paris"),
        False,
        kept,
        Bookkeeping(identities={"02159": Identity("213300098", "21330009800016", "VOIRIE", "", "Mairie\n33120 Arès")}),
        buying,
        {"": ["AG-2027-001-1"]},
        owed,
        1,
        FROZEN,
    )


def rows(
    layout: Layout, of: BookedRecord, notice: str | None = None, creditor: str = ""
) -> tuple[list[dict[str, str]], int]:
    file = io.BytesIO()
    changed = write_layout(file, layout, rows_of(of, layout.rows, creditor), notice)
    text = file.getvalue().decode("cp1252" if layout.encoding == "cp1252" else "utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=layout.separator)), changed


def test_the_file_has_the_presets_of_the_code() -> None:
    assert read_layouts(CONFIG) == AccountingLayouts()
    assert read_layouts(CONFIG / "nowhere") == AccountingLayouts()
    assert read_finance(CONFIG).fctva, "its own part is still read"


def test_a_row_for_each_member_to_the_cent() -> None:
    of = booked()
    found, changed = rows(RECEIPTS, of)
    assert changed == 1, "a name that CP1252 cannot hold"
    assert found[0]["Débiteur"] == "Lódz – l’Étang >= 2"
    assert found[0]["SIRET du débiteur"] == "21330009800016"
    assert (found[0]["Date"], found[0]["Exercice"]) == ("02/03/2027", "2027"), "in the group's zone"
    assert [(row["HT"], row["TVA"], row["TTC"]) for row in found] == [
        tuple(f"{cents / 100:.2f}".replace(".", ",") for cents in (member.ht, member.vat, member.ttc))
        for member in of.stated.result.results
    ]
    assert [row["Numéro"] for row in found] == ["2027-001-2-1", "2027-001-2-2", "2027-001-2-3"]
    assert rows(RECEIPTS, of, "fictif")[0][0]["Remarque"] == "fictif"


WEST, BIKES = Seller("Ouest", "12345678900011"), Seller("Cycles")
SUPPLYING = Supplying({"arceau": 1, "velo": 2}, {}, {1: WEST, 2: BIKES})
CHARGES = [charge["id"] for charge in CASE["charges"]]
ALONE: dict[str, Any] = {"lead": "z", "members": {"z": LEAD}}
WAYS: dict[str, Buying] = {
    "the lead pays for all, and takes nothing": Buying(**ALONE, each_buys=False, supplying=SUPPLYING),
    "the lead pays for all": Buying("b", each_buys=False, members={"b": LEAD}, supplying=SUPPLYING),
    "each buys": Buying(**ALONE, each_buys=True, supplying=SUPPLYING),
    "each buys, of one": Buying(**ALONE, each_buys=True, supplying=Supplying({}, {}, {1: WEST})),
    "each buys, and a charge is paid apart": Buying(
        "02159", each_buys=True, payers={CHARGES[0]: "b"}, members={"02159": LEAD, "b": LEAD}, supplying=SUPPLYING
    ),
    "the lead pays for all, another one charges": Buying(
        "02159", each_buys=False, payers=dict.fromkeys(CHARGES, "b"), members={"02159": LEAD, "b": LEAD}
    ),
}


@pytest.mark.parametrize("buying", WAYS.values(), ids=WAYS)
def test_files_say_what_the_record_says_is_owed(buying: Buying) -> None:
    """« Projets de titres » what each owes one creditor, « mandats » what each pays to whom: to the cent."""
    case = {**CASE, "members": [{"id": "02159"}, {"id": "b"}, {"id": "c"}]}
    case["needs"] = [{**need, "member": {"=2+2": "b"}.get(need["member"], need["member"])} for need in CASE["needs"]]
    of = booked(case, buying)
    for code in {one[0] for debts in of.debts.values() for one in debts if one[0]}:
        titres, _ = rows(RECEIPTS, of, creditor=code)
        owed = sorted(debts[code, 0] for debts in of.debts.values() if debts.get((code, 0)))
        assert sorted(cents(row["TTC"]) for row in titres) == owed
        assert all(cents(row["HT"]) + cents(row["TVA"]) == cents(row["TTC"]) for row in titres)
    paid: dict[tuple[str, str, int], int] = {}
    for row in rows_of(of, Rows.PAYMENTS):
        assert row.to is not None
        key = (row.code, *row.to)
        paid[key] = paid.get(key, 0) + row.one.ttc
    owed_all = {(code, *to): amount for code, debts in of.debts.items() for to, amount in debts.items()}
    assert {to: amount for to, amount in paid.items() if amount} == owed_all
    written, _ = rows(EXPENSES, of)
    assert sum(cents(row["TTC"]) for row in written) == sum(paid.values())


def test_no_titre_is_issued_below_the_smallest() -> None:
    of = booked()
    owed = sorted(debts["z", 0] for debts in of.debts.values() if "z" in {to for to, _ in debts})
    of = booked(buying=replace(of.buying, smallest=owed[1]))
    assert sorted(row.owed["z", 0] for row in rows_of(of, Rows.TITRES)) == owed[1:], "one is smaller"
    said = {
        due.cents: due.by for entry in of.entries() for due in dues_of(of.buying, entry.code, entry.lines, entry.owed)
    }
    assert said == {cents: BY_RECEIPT if cents > owed[0] else f"{NO_TITRE} {euros(owed[1])}" for cents in owed}


def cents(text: str) -> int:
    return int(text.replace(",", ""))


def test_fields_are_as_long_as_packages_take_them() -> None:
    found, _ = rows(RECEIPTS, booked(CASE, None, **{"02159": "x" * 200}))
    assert len(found[0]["Débiteur"]) == 38
    longest = {column.title: column.longest for column in RECEIPTS.columns}
    assert (longest["Débiteur"], longest["Objet"], longest["Numéro"]) == (38, 160, 20)
    record = FoundRecord(9_999_999_999, 99, FROZEN, None, 1, {})
    for reference, place in (("AG-2027-001", 1), ("AG-2027-123456", 35_000)):
        assert len(statement_number(reference, record, place)) <= LONGEST_NUMBER


def test_another_layout() -> None:
    columns = [{"title": "Nom", "field": "member_name"}, {"fixed": "x;y"}, {"title": "D", "field": "dated"}]
    layout = Layout.model_validate(
        {"name": "a", "title": "A", "encoding": "utf-8", "separator": "|", "dates": "%Y-%m-%d", "columns": columns}
    )
    found, changed = rows(layout, booked())
    assert changed == 0
    assert list(found[0].values()) == ["Łódź – l’Étang ≥ 2", "x;y", "2027-03-02"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('columns = [{ title = "A", field = "nam" }]', "there is no field 'nam'"),
        ('columns = [{ title = "A" }]', "either a field or a fixed text"),
        ('columns = [{ title = "A", field = "account" }]', "of a line"),
        ("columns = []", "at least 1 item"),
        ('columns = [{ fixed = "" }]\nencoding = "latin"', "cp1252"),
        ('columns = [{ fixed = "" }]\ndates = "%d %Z"', "dates are written"),
        ('columns = [{ fixed = "" }]\nseparator = ","', "the decimal sign is the separator"),
        ('columns = [{ fixed = "", longest = 0 }]', "greater than or equal to 1"),
        (
            'columns = [{ fixed = "" }]\n[[accounting]]\nname = "a"\ntitle = "B"\ncolumns = [{ fixed = "" }]',
            "two layouts",
        ),
    ],
)
def test_a_bad_layout_is_told_at_the_start(tmp_path: Path, wrong: str, said: str) -> None:
    (tmp_path / "finance.toml").write_text(f'[[accounting]]\nname = "a"\ntitle = "A"\n{wrong}\n')
    with pytest.raises(ConfigurationError, match=r"finance\.toml") as told:
        read_layouts(tmp_path)
    assert said in str(told.value)


def test_what_an_encoding_cannot_hold_becomes_what_is_nearest() -> None:
    assert in_encoding("Œuvre à 5 € – l’été", "cp1252") == "Œuvre à 5 € – l’été"
    assert in_encoding("Ő ł → 日", "cp1252") == "O l ? ?"
    assert in_encoding("Ő ł → 日", "utf-8") == "Ő ł → 日"


def test_whom_a_member_pays() -> None:
    """The lead for all, or suppliers where each buys; a charge that somebody paid apart, that member: to the cent what
    the record says that it owes.
    """
    west = Creditor("Ouest", "12345678900011")
    of_west = Supplying({"arceau": 1}, {}, {1: WEST})
    entry = next(booked().entries())
    whole = sum(line.ttc for line in entry.lines)
    of_items = sum(line.ttc for line in entry.lines if line.line.kind == "item")
    charges = sum(line.ttc for line in entry.lines if line.line.kind == "charge")
    apart = {line.line.id: "z" for line in entry.lines if line.line.kind == "charge"}

    def dues(**buying: Any) -> tuple[dict[Creditor, Due], Mapping[Owes, int]]:  # noqa: ANN401 - of `Buying`
        said: dict[str, Any] = {"lead": "z", "members": {"z": LEAD}, **buying}
        mine = next(one for one in booked(CASE, Buying(**said)).entries() if one.code == entry.code)
        return {due.creditor: due for due in dues_of(mine.buying, mine.code, mine.lines, mine.owed)}, mine.owed

    found, owed = dues(each_buys=False)
    assert [(due.creditor, due.cents, due.by) for due in found.values()] == [(LEAD, whole, BY_RECEIPT)]
    found, owed = dues(each_buys=True, supplying=of_west, due={entry.code: date(2027, 4, 1)})
    assert {due.creditor: (due.cents, due.due_on) for due in found.values()} == {west: (whole, date(2027, 4, 1))}
    found, owed = dues(each_buys=True, payers=apart, supplying=SUPPLYING)
    assert found.keys() == {west, LEAD, SUPPLIER}
    assert found[LEAD].cents == owed["z", 0]
    assert abs(owed["z", 0] - charges) <= len(apart)
    assert sum(due.cents for due in found.values()) == whole
    assert abs(found[west].cents - of_items) <= len(apart)
    paid_itself = dict.fromkeys(apart, entry.code)
    found, owed = dues(each_buys=False, payers=paid_itself, members={"z": LEAD, entry.code: Creditor("Arès")})
    assert {due.creditor: due.cents for due in found.values()} == {LEAD: owed["z", 0]}
    assert owed["z", 0] < whole
    found, owed = dues(each_buys=False, lead=entry.code, supplying=of_west, members={})
    assert found.keys() == {west}


def test_a_statement_says_why_a_cent_differs() -> None:
    """The VAT of a charge that somebody paid apart is rounded by itself."""
    said, differs = [], []
    for buying in WAYS.values():
        of = booked(CASE, buying)
        for entry in of.entries():
            told = " ".join(statement_data(of, entry)["why"])  # type: ignore[arg-type]
            said.append("arrondie en une fois" in told)
            paid = {one.to: 0 for one in entry.payments}
            for one in entry.lines:
                if (to := paid_to(buying, entry.code, one)) is not None:
                    paid[to] += one.ttc
            owed = owed_by(buying, entry.code, entry.lines, entry.owed)
            differs.append({to: cents for to, cents in paid.items() if cents} != {to: c for to, c in owed.items() if c})
    assert said == differs
    assert set(said) == {True, False}
