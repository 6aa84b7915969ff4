"""Files for accounting packages: their layouts are configuration, fields have limits, encodings say what they lost."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pooling.accounting.configuration import EXPENSES, RECEIPTS, AccountingLayouts, Layout, read_layouts
from pooling.accounting.dues import BY_RECEIPT, SUPPLIER, Buying, Creditor, Due, dues_of
from pooling.accounting.reading import LONGEST_NUMBER, BookedRecord, statement_number
from pooling.accounting.writing import in_encoding, write_layout
from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.booking import Bookkeeping, Identity
from pooling.allocation.configuration import read_finance
from pooling.allocation.figures import Labels
from pooling.allocation.records.opening import FoundRecord
from pooling.allocation.records.owing import debts_stated
from pooling.kernel.configuration import ConfigurationError
from pooling.purchases.models import Purchase
from sharing.test_workbooks import CASE, stated

CONFIG = Path(__file__).parents[2] / "config"
FROZEN = datetime(2027, 3, 1, 23, 30, tzinfo=UTC)
LEAD = Creditor("Arcachon", "213300098")


def booked(case: Any = CASE, buying: Buying | None = None, **names: str) -> BookedRecord:  # noqa: ANN401 - JSON
    statement = stated(case)
    named = {"02159": "Łódź – l’Étang ≥ 2", **names}
    buying = buying or Buying("z", LEAD, each_buys=False, members={"z": LEAD})
    kept = StatedPurchase(statement, Labels(members=named), "quantités", None, None, {}, paid_by=buying.payers)
    owed: dict[str, dict[str, int]] = {}
    for debt in debts_stated(kept, lead=buying.lead, each_pays=buying.each_buys):
        mine = owed.setdefault(debt.debtor, {})
        mine[debt.creditor] = mine.get(debt.creditor, 0) + debt.cents
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


def rows(layout: Layout, of: BookedRecord, notice: str | None = None) -> tuple[list[dict[str, str]], int]:
    file = io.BytesIO()
    changed = write_layout(file, layout, of.entries(), notice)
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


def test_a_row_for_each_line_comes_to_the_same() -> None:
    of = booked()
    found, _ = rows(EXPENSES, of)
    for row in rows(RECEIPTS, of)[0]:
        mine = [line for line in found if line["Numéro"] == row["Numéro"]]
        for name in ("HT", "TVA", "TTC"):
            assert sum(cents(line[name]) for line in mine) == cents(row[name])
    assert {row["Créancier"] for row in found} == {"Arcachon"}


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
    west, bikes = Creditor("Ouest", "12345678900011"), Creditor("Cycles")
    entry = next(booked().entries())
    whole = sum(line.ttc for line in entry.lines)
    of_items = sum(line.ttc for line in entry.lines if line.line.kind == "item")
    charges = sum(line.ttc for line in entry.lines if line.line.kind == "charge")
    apart = {line.line.id: "z" for line in entry.lines if line.line.kind == "charge"}

    def dues(**buying: Any) -> tuple[dict[Creditor, Due], Mapping[str, int]]:  # noqa: ANN401 - of `Buying`
        said: dict[str, Any] = {"lead": "z", "coordinator": LEAD, "members": {"z": LEAD}, **buying}
        mine = next(one for one in booked(CASE, Buying(**said)).entries() if one.code == entry.code)
        return {due.creditor: due for due in dues_of(mine.buying, mine.code, mine.lines, mine.owed)}, mine.owed

    found, owed = dues(each_buys=False)
    assert [(due.creditor, due.cents, due.by) for due in found.values()] == [(LEAD, whole, BY_RECEIPT)]
    found, owed = dues(each_buys=True, suppliers={"arceau": west}, due={entry.code: date(2027, 4, 1)})
    assert {due.creditor: (due.cents, due.due_on) for due in found.values()} == {west: (whole, date(2027, 4, 1))}
    found, owed = dues(each_buys=True, payers=apart, suppliers={"arceau": west, "velo": bikes})
    assert found.keys() == {west, LEAD, SUPPLIER}
    assert found[LEAD].cents == owed["z"]
    assert abs(owed["z"] - charges) <= len(apart)
    assert sum(due.cents for due in found.values()) == whole
    assert abs(found[west].cents - of_items) <= len(apart)
    paid_itself = dict.fromkeys(apart, entry.code)
    found, owed = dues(each_buys=False, payers=paid_itself, members={"z": LEAD, entry.code: Creditor("Arès")})
    assert {due.creditor: due.cents for due in found.values()} == {LEAD: owed["z"]}
    assert owed["z"] < whole
    found, owed = dues(each_buys=False, lead=entry.code, suppliers={"arceau": west}, members={})
    assert found.keys() == {west}
