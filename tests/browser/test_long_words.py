"""No text that somebody types, however long without a blank, widens a page on a phone."""

import pytest
from playwright.async_api import Browser

from browser.visitor import HEIGHT, NARROW
from pooling import PROJECT_ROOT

pytestmark = pytest.mark.browser

STYLES = sorted((PROJECT_ROOT / "src/pooling/web/static").glob("*.css"))
LONG = "x" * 190
PLACES = (
    f"<h1>{LONG}</h1>",
    f"<p>{LONG}</p>",
    f'<dl class="summary-list"><div><dt>Lieu</dt><dd>{LONG}</dd></div></dl>',
    f'<dl class="summary-list"><dt>Lieu</dt><dd>{LONG}</dd></dl>',
    f'<div class="card"><p>{LONG}</p></div>',
    f"<fieldset><legend>{LONG}</legend></fieldset>",
    f'<table class="table-stack"><tbody><tr><th>{LONG}</th><td data-label="Lieu">{LONG}</td></tr></tbody></table>',
)


async def test_a_long_word_is_cut_wherever_it_stands(chromium: Browser) -> None:
    page = await chromium.new_page(viewport={"width": NARROW, "height": HEIGHT})
    await page.set_content("<main class='frame'></main>")
    for style in STYLES:
        await page.add_style_tag(path=style)
    widths = {}
    for place in PLACES:
        await page.locator("main").evaluate("(main, html) => { main.innerHTML = html }", place)
        widths[place] = await page.evaluate("document.documentElement.scrollWidth")
    await page.close()
    assert widths == dict.fromkeys(PLACES, NARROW)
