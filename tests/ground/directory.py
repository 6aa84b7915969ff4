"""The directory that tests find: of the list that the package brings, a small part."""

import gzip
import tempfile
from pathlib import Path

from pooling.directory.reading import PACKAGED, AuthorityRow, read_authorities

YEAR = 2026
PLACES = (",33,", ",2A,", ",244000766,")
"""Two departments, and a body of 17 communes in another."""
TARUSATE = "CC du Pays Tarusate"
COBAS, COBAN, VAL_DE_L_EYRE = "243300563", "243301504", "243301405"


def excerpt_lines() -> list[str]:
    """The header, the communes of these departments and their bodies, as they are in the package."""
    header, *lines = gzip.decompress(PACKAGED.read_bytes()).decode().splitlines()
    communes = [line for line in lines if any(place in line for place in PLACES) and ",commune," in line]
    bodies = {line.split(",")[-3] for line in communes}
    return [header, *communes, *(line for line in lines if line[:9] in bodies)]


def excerpt() -> list[AuthorityRow]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "excerpt.csv"
        path.write_text("\n".join(excerpt_lines()), "utf-8")
        return read_authorities(path)
