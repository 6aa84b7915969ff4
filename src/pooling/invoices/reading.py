"""An electronic invoice, read: the one entry for the command, the pages and the API."""

from pooling.invoices.checks import check
from pooling.invoices.containers import open_file
from pooling.invoices.fields import invoice_of
from pooling.invoices.invoice import Reading, Refused
from pooling.invoices.schema import check_schema, profile_of


def read_invoice(content: bytes) -> Reading:
    """Reads a Factur-X PDF, a CII or a UBL XML; never raises for what the file holds."""
    try:
        document = open_file(content)
        profile = profile_of(document.root)
        check_schema(document.root, profile)
        invoice, findings = invoice_of(document, profile)
    except Refused as refused:
        return Reading(None, [refused.finding])
    odd = {finding.field for finding in findings}
    return Reading(invoice, [*findings, *(found for found in check(invoice) if found.field not in odd)])
