"""A sound invoice in both languages, as text: tests change one place of it."""

from io import BytesIO
from typing import cast

from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, StreamObject

LINE = """<ram:IncludedSupplyChainTradeLineItem>
<ram:AssociatedDocumentLineDocument><ram:LineID>{id}</ram:LineID></ram:AssociatedDocumentLineDocument>
<ram:SpecifiedTradeProduct><ram:SellerAssignedID>ARC</ram:SellerAssignedID><ram:Name>Arceau</ram:Name></ram:SpecifiedTradeProduct>
<ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>{price}</ram:ChargeAmount>{base}</ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
<ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="C62">{quantity}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
<ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>{extras}<ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>{net}</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>
</ram:IncludedSupplyChainTradeLineItem>"""
TAX = """<ram:ApplicableTradeTax><ram:CalculatedAmount>{amount}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode><ram:BasisAmount>{base}</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>"""


def line(
    id_: str = "1",
    quantity: str = "20.000",
    price: str = "4.10",
    net: str = "81.90",
    *,
    rate: str = "20.00",
    base: str = "",
    extras: str = "",
) -> str:
    """A line; the usual one's price was rounded from 4.095."""
    written = f'<ram:BasisQuantity unitCode="C62">{base}</ram:BasisQuantity>' if base else ""
    return LINE.format(id=id_, quantity=quantity, price=price, net=net, rate=rate, base=written, extras=extras)


def tax(base: str = "81.90", amount: str = "16.38", rate: str = "20.00") -> str:
    """All that is taxed at one rate."""
    return TAX.format(base=base, amount=amount, rate=rate)


def cii(
    *,
    lines: str | None = None,
    taxes: str | None = None,
    profile: str = "urn:cen.eu:en16931:2017",
    type_code: str = "380",
    number: str = "F20260031",
    issued: str = "20261002",
    due: str = "20261101",
    currency: str = "EUR",
    siren: str = "552100554",
    siret: str = "",
    vat: str = "FR96552100554",
    before: str = "",
    totals: str = (
        "<ram:LineTotalAmount>81.90</ram:LineTotalAmount><ram:TaxBasisTotalAmount>81.90</ram:TaxBasisTotalAmount>"
        '<ram:TaxTotalAmount currencyID="EUR">16.38</ram:TaxTotalAmount>'
        "<ram:GrandTotalAmount>98.28</ram:GrandTotalAmount><ram:DuePayableAmount>98.28</ram:DuePayableAmount>"
    ),
) -> bytes:
    """An invoice of 20 arches, 98.28 € with VAT."""
    given = f'<ram:GlobalID schemeID="0009">{siret}</ram:GlobalID>' if siret else ""
    taxed = (
        f'<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{vat}</ram:ID></ram:SpecifiedTaxRegistration>'
        if vat
        else ""
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>{profile}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
<rsm:ExchangedDocument><ram:ID>{number}</ram:ID><ram:TypeCode>{type_code}</ram:TypeCode><ram:IssueDateTime><udt:DateTimeString format="102">{issued}</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>{line() if lines is None else lines}
<ram:ApplicableHeaderTradeAgreement><ram:BuyerReference>SERVICE</ram:BuyerReference>
<ram:SellerTradeParty>{given}<ram:Name>Mobilier urbain exemple</ram:Name><ram:SpecifiedLegalOrganization><ram:ID schemeID="0002">{siren}</ram:ID></ram:SpecifiedLegalOrganization><ram:PostalTradeAddress><ram:CountryID>FR</ram:CountryID></ram:PostalTradeAddress>{taxed}</ram:SellerTradeParty>
<ram:BuyerTradeParty><ram:Name>Commune d’Arcachon</ram:Name><ram:SpecifiedLegalOrganization><ram:ID schemeID="0002">213300098</ram:ID></ram:SpecifiedLegalOrganization><ram:PostalTradeAddress><ram:CountryID>FR</ram:CountryID></ram:PostalTradeAddress></ram:BuyerTradeParty>
<ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>AG-2026-003-1</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument>
</ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeDelivery/>
<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>{currency}</ram:InvoiceCurrencyCode>{tax() if taxes is None else taxes}{before}
<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format="102">{due}</udt:DateTimeString></ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation>{totals}</ram:SpecifiedTradeSettlementHeaderMonetarySummation>
</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>""".encode()


def ubl(root: str = "Invoice", type_code: str = "380", quantity: str = "20", due: str = "2026-11-01") -> bytes:
    """The same in UBL: an invoice, or a credit note."""
    credit = root == "CreditNote"
    dated = "" if credit else f"<cbc:DueDate>{due}</cbc:DueDate>"
    code, tag, counted = (
        ("CreditNoteTypeCode", "CreditNoteLine", "CreditedQuantity")
        if credit
        else ("InvoiceTypeCode", "InvoiceLine", "InvoicedQuantity")
    )
    category = "<cac:{0}><cbc:ID>S</cbc:ID><cbc:Percent>20</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:{0}>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID><cbc:ID>F20260031</cbc:ID><cbc:IssueDate>2026-10-02</cbc:IssueDate>{dated}<cbc:{code}>{type_code}</cbc:{code}><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode><cbc:BuyerReference>SERVICE</cbc:BuyerReference>
<cac:OrderReference><cbc:ID>AG-2026-003-1</cbc:ID></cac:OrderReference>
<cac:AccountingSupplierParty><cac:Party><cac:PostalAddress><cac:Country><cbc:IdentificationCode>FR</cbc:IdentificationCode></cac:Country></cac:PostalAddress><cac:PartyTaxScheme><cbc:CompanyID>FR96552100554</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity><cbc:RegistrationName>Mobilier urbain exemple</cbc:RegistrationName><cbc:CompanyID schemeID="0002">552100554</cbc:CompanyID></cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party><cac:PostalAddress><cac:Country><cbc:IdentificationCode>FR</cbc:IdentificationCode></cac:Country></cac:PostalAddress><cac:PartyLegalEntity><cbc:RegistrationName>Commune d’Arcachon</cbc:RegistrationName><cbc:CompanyID schemeID="0002">213300098</cbc:CompanyID></cac:PartyLegalEntity></cac:Party></cac:AccountingCustomerParty>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">16.38</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxableAmount currencyID="EUR">81.90</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">16.38</cbc:TaxAmount>{category.format("TaxCategory")}</cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="EUR">81.90</cbc:LineExtensionAmount><cbc:TaxExclusiveAmount currencyID="EUR">81.90</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount currencyID="EUR">98.28</cbc:TaxInclusiveAmount><cbc:PayableAmount currencyID="EUR">98.28</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:{tag}><cbc:ID>1</cbc:ID><cbc:{counted} unitCode="C62">{quantity}</cbc:{counted}><cbc:LineExtensionAmount currencyID="EUR">81.90</cbc:LineExtensionAmount><cac:Item><cbc:Name>Arceau</cbc:Name><cac:SellersItemIdentification><cbc:ID>ARC</cbc:ID></cac:SellersItemIdentification>{category.format("ClassifiedTaxCategory")}</cac:Item><cac:Price><cbc:PriceAmount currencyID="EUR">4.10</cbc:PriceAmount></cac:Price></cac:{tag}>
</{root}>""".encode()


def pdf(*attached: tuple[str, bytes], password: str = "", packed: bool = False) -> bytes:
    """A page of nothing with files attached, `packed` as small as they get."""
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for name, content in attached:
        held = cast("DictionaryObject", writer.add_attachment(name, content).pdf_object["/EF"])
        if packed:
            stream = cast("StreamObject", held["/F"])
            writer._replace_object(held.raw_get("/F"), stream.flate_encode())
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    target = BytesIO()
    writer.write(target)
    return target.getvalue()
