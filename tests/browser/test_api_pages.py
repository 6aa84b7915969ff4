"""The reference for programs and the page of one's tokens, examined like every page."""

import pytest

from browser.served import Served
from browser.visitor import Visitors

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


async def test_a_token_is_made_on_its_page_and_the_reference_reads_well(
    shared_demonstration: Served, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(shared_demonstration.url)
    await visitor.open("/api")
    await visitor.reads("API reference")
    await visitor.follow("sites")
    await visitor.reads("What is sent and answered")
    await visitor.hold(await shared_demonstration.token_of("referent@lugos.example"))
    await visitor.open("/compte/jetons")
    await visitor.press("Créer le jeton")
    await visitor.reads("Donnez un nom à ce jeton")
    await visitor.fill("Nom", "Logiciel de finances")
    await visitor.press("Créer le jeton")
    await visitor.reads("copiez-le maintenant")
    assert visitors.complaints == []
