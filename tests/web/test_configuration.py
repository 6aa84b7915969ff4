"""Files of configuration are read at the start and never again."""

import shutil
from pathlib import Path

import pytest

from factories import BUYER, NOW, Territory, open_purchase
from ground.web import SECRET
from pooling import PROJECT_ROOT
from pooling.app import create_app
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.settings import Settings
from pooling.web.services import Services
from web_client import Browser, text_of

LOGO = '<svg xmlns="http://www.w3.org/2000/svg"/>'
FACILITATOR = "animation@bassin.example"
COSTS = "/g/bassin/achats/AG-2027-001/couts"
NEW = "/g/bassin/comites/nouveau"
FORMAL = {"title": "Instance", "day": "2027-05-18", "hour": "14:00", "place": "Mairie", "kind": "formal"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(PROJECT_ROOT / "config", folder)
    (folder / "logo.svg").write_text(LOGO)
    (folder / "branding.toml").write_text('name = "Territoire lu une fois"\nlogo = "logo.svg"\n')
    (folder / "reminders.toml").write_text("[convocation]\nhour = 09:17:00\n")
    (folder / "finance.toml").write_text(
        '[[fctva]]\nrate = "12.5"\nvalid_from = 2015-01-01\nsource = "loi lue une fois"\n'
    )
    return folder


def being_written(config: Path) -> None:
    for file in config.rglob("*"):
        if file.is_file():
            file.write_text("half = ")


async def test_pages_go_by_what_was_read_when_the_folder_is_being_written(
    config: Path, database: Database, territory: Territory, clock: FixedClock, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, config_dir=config)
    app = create_app(Services(settings, database, Bell("unix:///nowhere/valkey.sock"), SECRET, clock))
    being_written(config)
    await open_purchase(database, territory, NOW)
    browser = Browser(app, database)
    try:
        await browser.sign_in(territory.people[BUYER])
        costs = text_of(await browser.get(COSTS))
        assert "FCTVA estimé au taux de 12,5 % (loi lue une fois" in costs
        assert "Territoire lu une fois" in costs
        assert (await browser.get("/branding/logo")).text == LOGO
        await browser.sign_in(territory.people[FACILITATOR])
        planned = await browser.post(NEW, FORMAL, page=NEW)
        assert planned.status_code == 303, text_of(planned)
        assert "9 h 17" in text_of(await browser.get(planned.headers["location"]))
    finally:
        await browser.close()
