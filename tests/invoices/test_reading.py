"""Electronic invoices: what they say is read as they say it, and what is doubtful in them is named."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from invoices.sample import cii, line, pdf, tax, ubl
from pooling.invoices.apart import read_apart
from pooling.invoices.invoice import Finding
from pooling.invoices.reading import read_invoice

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "invoices"

READ = {
    "profile": "en16931",
    "kind": "invoice",
    "number": "F20260031",
    "issued_on": "2026-10-02",
    "due_on": "2026-11-01",
    "currency": "EUR",
    "seller": {"name": "Mobilier urbain exemple", "siren": "552100554", "siret": "", "vat": "FR96552100554"},
    "buyer": {"name": "Commune d’Arcachon", "siren": "213300098", "siret": ""},
    "order": "AG-2026-003-1",
    "contract": "",
    "service": "SERVICE",
    "credited": [],
    "lines": [
        {
            "id": "1",
            "order_line": "",
            "name": "Arceau",
            "seller_code": "ARC",
            "quantity": "20",
            "unit": "C62",
            "unit_price": "4.10",
            "price_base": "1",
            "net": "81.90",
            "vat_rate": "20",
        }
    ],
    "vat": [{"rate": "20", "category": "S", "base": "81.90", "amount": "16.38"}],
    "allowances": "0.00",
    "charges": "0.00",
    "totals": {
        "lines": "81.90",
        "ht": "81.90",
        "vat": "16.38",
        "ttc": "98.28",
        "prepaid": "0.00",
        "rounding": "0.00",
        "due": "98.28",
    },
    "findings": [],
}


def found(content: bytes) -> list[tuple[str, str, str]]:
    return [(finding.code, finding.field, finding.severity) for finding in read_invoice(content).findings]


def refusal(content: bytes) -> Finding:
    reading = read_invoice(content)
    assert reading.invoice is None
    (finding,) = reading.findings
    return finding


@pytest.mark.parametrize(
    ("format_", "content"),
    [("cii", cii()), ("ubl", ubl()), ("factur-x", pdf(("factur-x.xml", cii()), ("photo.png", b"\x89PNG")))],
)
def test_the_three_forms_of_one_invoice_say_the_same(format_: str, content: bytes) -> None:
    assert read_invoice(content).to_json() == {"format": format_, **READ}


@pytest.mark.parametrize(
    ("type_code", "kind"),
    [
        *(("381", "credit_note"), ("261", "credit_note"), ("262", "credit_note"), ("396", "credit_note")),
        *(("502", "credit_note"), ("503", "credit_note"), ("384", "corrected"), ("471", "corrected")),
        *(("472", "corrected"), ("473", "corrected"), ("386", "prepayment"), ("500", "prepayment")),
        *(("380", "invoice"), ("389", "invoice"), ("393", "invoice"), ("501", "invoice")),
    ],
)
def test_the_type_says_the_kind_and_amounts_stay_as_they_are(type_code: str, kind: str) -> None:
    reading = read_invoice(cii(type_code=type_code)).to_json()
    assert reading == {"format": "cii", **READ, "kind": kind}


def test_a_credit_note_of_ubl_is_one_by_its_root() -> None:
    reading = read_invoice(ubl("CreditNote", "380"))
    assert reading.invoice is not None
    assert (reading.invoice.kind, [str(line.net) for line in reading.invoice.lines]) == ("credit_note", ["81.90"])


def test_groups_of_one_rate_are_added_up_however_it_is_written() -> None:
    lines = line("1", "1", "40.00", "40.00") + line("2", "1", "41.90", "41.90", rate="20")
    reading = read_invoice(cii(lines=lines, taxes=tax("40.00", "8.00") + tax("41.90", "8.38", "20")))
    assert reading.to_json()["vat"] == READ["vat"]
    assert reading.findings == []


@pytest.mark.parametrize(
    ("written", "questioned"),
    [
        (line(), False),  # 20 × 4.10 = 82.00, within 20 half cents of 81.90
        (line(price="4.11"), True),
        (line(quantity="1", price="81.91"), False),
        (line(quantity="1", price="81.92"), True),
        (line(quantity="40", price="204.75", base="100"), False),
        (line(quantity="-3", price="-27.30"), False),
    ],
)
def test_a_line_is_questioned_beyond_what_rounding_explains(written: str, questioned: bool) -> None:
    assert found(cii(lines=written)) == ([("line_differs", "lines[0].net", "warning")] if questioned else [])


def test_a_line_counts_its_own_charges_and_allowances() -> None:
    extra = (
        "<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>{0}</udt:Indicator></ram:ChargeIndicator>"
        "<ram:ActualAmount>{1}</ram:ActualAmount></ram:SpecifiedTradeAllowanceCharge>"
    )
    extras = extra.format("false", "10.00") + extra.format("true", "1.90")
    assert found(cii(lines=line("1", "1", "90.00", extras=extras))) == []
    assert found(cii(lines=line("1", "1", "91.00", extras=extras))) == [("line_differs", "lines[0].net", "warning")]


def totals(**changed: str) -> str:
    said = {"LineTotalAmount": "81.90", "TaxBasisTotalAmount": "81.90", "TaxTotalAmount": "16.38"}
    said |= {"GrandTotalAmount": "98.28", "DuePayableAmount": "98.28", **changed}
    order = ["LineTotalAmount", "ChargeTotalAmount", "AllowanceTotalAmount", "TaxBasisTotalAmount", "TaxTotalAmount"]
    order += ["RoundingAmount", "GrandTotalAmount", "TotalPrepaidAmount", "DuePayableAmount"]
    currency = ' currencyID="EUR"'
    return "".join(
        f"<ram:{name}{currency if name == 'TaxTotalAmount' else ''}>{said[name]}</ram:{name}>"
        for name in order
        if name in said
    )


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({}, []),
        ({"TotalPrepaidAmount": "20.00", "DuePayableAmount": "78.28"}, []),
        ({"RoundingAmount": "0.02", "DuePayableAmount": "98.30"}, []),
        ({"LineTotalAmount": "81.91"}, ["totals.lines", "totals.ht"]),
        ({"TaxBasisTotalAmount": "81.89"}, ["totals.ht", "totals.ttc"]),
        ({"TaxTotalAmount": "16.39"}, ["totals.vat", "totals.ttc"]),
        ({"GrandTotalAmount": "98.29"}, ["totals.ttc", "totals.due"]),
        ({"DuePayableAmount": "98.27"}, ["totals.due"]),
        ({"AllowanceTotalAmount": "1.00"}, ["totals.ht"]),
        ({"ChargeTotalAmount": "1.00"}, ["totals.ht"]),
    ],
)
def test_each_sum_is_checked_to_the_cent(changed: dict[str, str], fields: list[str]) -> None:
    assert found(cii(totals=totals(**changed))) == [("totals_differ", field, "error") for field in fields]


@pytest.mark.parametrize(("amount", "differs"), [("16.37", False), ("16.39", False), ("16.40", True)])
def test_vat_of_a_rate_is_within_a_cent_a_line(amount: str, differs: bool) -> None:
    sums = totals(TaxTotalAmount=amount, GrandTotalAmount=f"{81.90 + float(amount):.2f}")
    codes = [code for code, field, _ in found(cii(taxes=tax(amount=amount), totals=sums)) if field.startswith("vat")]
    assert codes == (["totals_differ"] if differs else [])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (cii(number=" "), [("missing", "number", "error")]),
        (cii(issued=""), [("missing", "issued_on", "error")]),
        (cii(issued="2026-10-02"), [("date", "issued_on", "error")]),
        (cii(issued="20261302"), [("date", "issued_on", "error")]),
        (cii(due="20261001"), [("date", "due_on", "error")]),
        (cii(due="20261001", type_code="386"), []),
        (cii(currency="USD").replace(b'currencyID="EUR"', b'currencyID="USD"'), [("currency", "currency", "error")]),
        (
            cii(siren="552100555", vat="FR96552100555"),
            [("siret", "seller.siren", "warning"), ("vat_number", "seller.vat", "warning")],
        ),
        (cii(siret="55210055400013"), []),
        (cii(siret="55210055400014"), [("siret", "seller.siret", "warning")]),
        (cii(siret="35600000000048"), [("siret", "seller.siret", "error")]),
        (cii(siret="5521005540001"), [("siret", "seller.siret", "warning")]),
        (cii(vat="FR58552100554"), [("vat_number", "seller.vat", "warning")]),
        (cii(vat="FR83404833048"), [("vat_number", "seller.vat", "error")]),
        (cii(vat=""), [("vat_number", "seller.vat", "error")]),
        (
            cii(lines=line("1", "1", "40.00", "40.00") + line("1", "1", "41.90", "41.90")),
            [("duplicate_line", "lines", "error")],
        ),
        (
            cii(lines=line("", "1", "40.00", "40.00") + line("", "1", "41.90", "41.90")),
            [("duplicate_line", "lines", "error")],
        ),
    ],
)
def test_what_is_doubtful_is_named(content: bytes, expected: Sequence[tuple[str, str, str]]) -> None:
    assert found(content) == expected


ALLOWANCE = """<ram:SpecifiedTradeAllowanceCharge>
<ram:ChargeIndicator><udt:Indicator>{charge}</udt:Indicator></ram:ChargeIndicator>
<ram:ActualAmount>{amount}</ram:ActualAmount><ram:CategoryTradeTax><ram:TypeCode>VAT</ram:TypeCode>
<ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent></ram:CategoryTradeTax>
</ram:SpecifiedTradeAllowanceCharge>"""


def test_all_at_once_ties_and_a_cent_more_is_found() -> None:
    """Two rates, of which one is written in two ways, a line that gives back, an allowance and a charge on the whole, a
    rounding, a prepayment, VAT in a second currency that comes first.
    """
    lines = line("1", "10", "10.00", "100.00") + line("2", "400", "6.25", "25.00", rate="5.50", base="100")
    lines += line("3", "-1", "10.00", "-10.00", rate="20")
    around = ALLOWANCE.format(charge="false", amount="5.00", rate="20")
    around += ALLOWANCE.format(charge="true", amount="5.50", rate="5.50")
    sums = totals(
        LineTotalAmount="115.00", ChargeTotalAmount="5.50", AllowanceTotalAmount="5.00", TaxBasisTotalAmount="115.50",
        TaxTotalAmount="18.68", RoundingAmount="-0.03", GrandTotalAmount="134.18", TotalPrepaidAmount="34.15",
        DuePayableAmount="100.00",
    )  # fmt: skip
    taxes = tax("85.00", "17.00", "20") + tax("30.50", "1.68", "5.5")
    content = cii(lines=lines, taxes=taxes, totals=sums, before=around)
    dollars = b'<ram:TaxTotalAmount currencyID="USD">20.00</ram:TaxTotalAmount><ram:TaxTotalAmount currencyID="EUR">'
    content = content.replace(b'<ram:TaxTotalAmount currencyID="EUR">', dollars)
    reading = read_invoice(content).to_json()
    assert reading["findings"] == []
    assert reading["totals"] == {
        "lines": "115.00", "ht": "115.50", "vat": "18.68", "ttc": "134.18", "prepaid": "34.15", "rounding": "-0.03",
        "due": "100.00",
    }  # fmt: skip
    assert found(content.replace(b">100.00</ram:DuePayable", b">100.01</ram:DuePayable")) == [
        ("totals_differ", "totals.due", "error")
    ]


def test_a_profile_without_lines_is_read_and_says_so() -> None:
    content = cii(lines="", profile="urn:factur-x.eu:1p0:basicwl")
    assert found(content) == [("no_lines", "lines", "info")]


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"", "unreadable", "est vide"),
        (b"bonjour", "unreadable", "ni un PDF ni un XML"),
        (b"%PDF-1.7\nnothing", "unreadable", "abîmé ou incomplet"),
        (cii()[:900], "unreadable", "mal formé ou coupé (ligne"),
        (cii().decode().replace("’", "é").encode("latin-1"), "unreadable", "encodage"),
        (pdf(), "not_an_invoice", "aucun XML n’y est joint"),
        (pdf(("factur-x.xml", cii()[:900])), "unreadable", "mal formé"),
        (pdf(("factur-x.xml", cii()), password="secret"), "unreadable", "mot de passe"),
        (pdf(("a.xml", cii()), ("b.xml", cii(number="F2"))), "several_documents", "2 factures différentes"),
        (b"<!DOCTYPE HTML><html><br></html>", "not_an_invoice", "une page web"),
        (b"<svg/>", "not_an_invoice", "« svg »"),
        (b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>', "not_an_invoice", "une commande"),
        (cii(profile="urn:nobody:knows"), "schema", "profil"),
        (cii(totals=totals(DuePayableAmount="98,28")), "schema", "« DuePayableAmount » a une valeur"),
        (cii(profile="urn:factur-x.eu:1p0:minimum"), "schema", "n’est pas attendu ici"),
        (ubl(due="1er novembre"), "schema", "« DueDate »"),
        (cii(totals=totals(LineTotalAmount="8" * 40)), "unreadable", "plus de 30 chiffres"),
    ],
)
def test_a_file_that_is_no_invoice_is_refused_in_french(content: bytes, code: str, said: str) -> None:
    finding = refusal(content)
    assert (finding.code, finding.severity) == (code, "error")
    assert said.replace(" ", "") in finding.message.replace("\u00a0", "").replace(" ", "")


def test_no_entity_is_read_nor_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("confidential")
    for declared in (
        f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{secret}">]>',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ):
        content = cii(number="&a;").replace(
            b"<rsm:CrossIndustryInvoice", declared.encode() + b"<rsm:CrossIndustryInvoice", 1
        )
        finding = refusal(content)
        assert finding.code == "unreadable"
        assert "confidential" not in finding.message


def test_the_same_xml_attached_twice_under_odd_names_is_one_invoice() -> None:
    reading = read_invoice(pdf(("../../factur-x.xml", cii()), ("C:\\copie.XML", cii())))
    assert reading.findings == []
    assert reading.invoice is not None


@pytest.mark.parametrize(
    "attached", [[(f"{n}.bin", b"x") for n in range(101)], [("factur-x.xml", b"<?xml" + b" " * 80_000_000)]]
)
def test_what_is_attached_has_bounds(attached: list[tuple[str, bytes]]) -> None:
    refused = refusal(pdf(*attached, packed=True))
    assert (refused.code, "trop de pièces jointes" in refused.message) == ("unreadable", True)


def test_a_number_is_read_whole_whatever_stands_within_it() -> None:
    reading = read_invoice(cii(number="F2026<!-- 1 -->0031<?x y?>"))
    assert reading.invoice is not None
    assert reading.invoice.number == "F20260031"


def test_a_file_that_takes_too_long_is_given_up() -> None:
    reading = read_apart(cii(), seconds=0)
    assert reading.invoice is None
    assert [finding.code for finding in reading.findings] == ["unreadable"]
    assert read_apart(cii()) == read_invoice(cii())


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample invoices are not beside this checkout")
def test_the_samples_are_read_or_refused_for_what_is_wrong() -> None:
    kept = {"CALC-001": "totals_differ", "CALC-003": "totals_differ", "DATA-001": "date", "DATA-003": "date"}
    kept |= {"DATA-005": "schema", "IDENT-003": "vat_number", "PDF-001": "not_an_invoice", "PRF-001": "schema"}
    kept |= {"XML-001": "unreadable", "XML-003": "unreadable"}
    for case in json.loads((SAMPLES / "cas-limites/cas/manifeste.json").read_text(encoding="utf-8"))["cas"]:
        reading = read_invoice((SAMPLES / "cas-limites/cas" / case["ref"] / "facture.pdf").read_bytes())
        errors = {finding.code for finding in reading.findings if finding.severity == "error"}
        assert errors == ({kept[case["ref"]]} if case["ref"] in kept else set()), case["ref"]
    for path in sorted(SAMPLES.glob("*.pdf")) + sorted(SAMPLES.glob("*.xml")):
        reading = read_invoice(path.read_bytes())
        assert reading.invoice is not None, path.name
        assert not any(finding.severity == "error" for finding in reading.findings), path.name


def test_the_command_prints_what_was_read(tmp_path: Path) -> None:
    from click.testing import CliRunner  # noqa: PLC0415 - the command's own test

    from pooling.cli.invoices import invoice  # noqa: PLC0415

    good, bad = tmp_path / "good.xml", tmp_path / "bad.pdf"
    good.write_bytes(cii())
    bad.write_bytes(b"%PDF-1.7")
    answer = CliRunner().invoke(invoice, [str(good)])
    assert (answer.exit_code, json.loads(answer.stdout)) == (0, {"format": "cii", **READ})
    refused = CliRunner().invoke(invoice, [str(bad)])
    assert (refused.exit_code, json.loads(refused.stdout)["findings"][0]["code"]) == (2, "unreadable")
