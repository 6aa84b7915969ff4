"""`pooling invoice`: what an electronic invoice says, and what is doubtful in it. No database, no settings."""

import sys
from typing import BinaryIO

import rich_click as click

WRONG = 2


@click.command()
@click.argument("file", type=click.File("rb", lazy=False))
def invoice(file: BinaryIO) -> None:
    """Read a supplier's electronic invoice: a Factur-X PDF, a CII or a UBL XML.

    What was read is printed as JSON, with its findings; docs/invoices.md describes both.

    Exit status 2 when the file is refused: the finding is printed all the same.
    """
    from pooling.invoices.apart import read_apart  # noqa: PLC0415 - `pooling --help` must stay fast
    from pooling.invoices.invoice import MOST_BYTES  # noqa: PLC0415 - as above
    from pooling.sharing.case_files import write  # noqa: PLC0415 - as above

    reading = read_apart(file.read(MOST_BYTES + 1))
    sys.stdout.buffer.write(write(reading.to_json()).encode() + b"\n")  # UTF-8 whatever the terminal's encoding is
    if reading.invoice is None:
        sys.exit(WRONG)


COMMANDS = {"invoice": invoice}
