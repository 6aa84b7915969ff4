"""LibreOffice, for tests that open what was written with the program that people open it with."""

import shutil
import subprocess
from pathlib import Path

import pytest

NEEDS_OFFICE = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is not installed: no document was opened"
)
# Whatever a file says that its formulas come to, they are computed.
_ALWAYS_COMPUTES = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
<prop oor:name="ODFRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def recalculated(book: Path, folder: Path) -> Path:
    """The book as LibreOffice opens it, with every formula computed, as a workbook in this folder."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS_COMPUTES)
    out = folder / f"from-{book.suffix.removeprefix('.')}"
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(out), str(book)], check=True, capture_output=True, timeout=120)
    return out / f"{book.stem}.xlsx"
