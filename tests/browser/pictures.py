"""Takes the picture of the README: the lead buyer's page of an open collection, in a demonstration made for it.

`PYTHONPATH=tests python tests/browser/pictures.py` writes docs/pictures/lead-buyer.png; run it when the page changes.
"""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from browser.chromium import FLAGS, chromium_path
from browser.served import BIKE_RACKS, GROUP, fill, running_server
from browser.visitor import WIDE, Visitors
from pooling import PROJECT_ROOT
from pooling.embedded.engines import Engines, running_engines
from pooling.kernel.migrations import migrate, role_of

PICTURE = PROJECT_ROOT / "docs" / "pictures" / "lead-buyer.png"
HEIGHT = 1180
"""Down to the first members of the list."""


async def photograph(engines: Engines, folder: Path) -> None:
    await fill(engines.database_url)
    async with (
        running_server(engines.redis_url, folder) as server,
        server.serving(engines.database_url) as served,
        async_playwright() as playwright,
    ):
        chromium = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        visitors = Visitors(chromium)
        visitor = await visitors.arrive(served.url, examines=False)
        await visitor.enter_as("achats@cobas.example")
        await visitor.page.set_viewport_size({"width": WIDE, "height": HEIGHT})
        await visitor.open(f"{GROUP}/achats/{BIKE_RACKS}/besoins")
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        await visitor.page.screenshot(path=PICTURE)
        await visitors.close()
        await chromium.close()


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="pooling-") as folder,
        running_engines(Path(folder), database_url=None, owner_database_url=None, redis_url=None) as engines,
    ):
        assert engines.owner_database_url is not None, "the embedded engine has one"
        migrate(engines.owner_database_url, role_of(engines.database_url))
        asyncio.run(photograph(engines, Path(folder)))


if __name__ == "__main__":
    main()
