"""Whatever is wrong with a page is found, though most of a page is known from others and is not asked about again."""

import pytest
from playwright.async_api import Browser

from browser.visitor import HEIGHT, WIDE, Examined, complaints_about

pytestmark = pytest.mark.browser

USUAL = "<p>Un texte</p><form><label for='nom'>Nom</label> <input id='nom'></form>"


def page_of(content: str, style: str = "") -> str:
    style = f"<style>body {{ background: #fff; color: #222; }} {style}</style>"
    head = f"<head><title>Page</title>{style}</head>"
    return f"<!doctype html><html lang='fr'>{head}<body><main><h1>Titre</h1>{content}</main></body></html>"


@pytest.mark.parametrize(
    ("content", "style", "complaint"),
    [
        (USUAL, "", ""),
        (USUAL, "p { color: #bbb; }", "color-contrast"),
        (USUAL, "form { background: #777; }", "color-contrast"),
        (USUAL, "main { opacity: 0.4; }", "color-contrast"),
        (USUAL + "<p hidden>Pâle</p>", "[hidden] { color: #eee; }", ""),
        (USUAL + "<div>Pâle</div>", "div { clip-path: inset(50%); color: #eee; position: absolute; }", ""),
        (USUAL + "<div>Pâle</div>", "div { color: #eee; position: absolute; top: 5px; }", "color-contrast"),
        (USUAL.replace("<label for='nom'>Nom</label>", ""), "", "label"),
        (USUAL + "<h4>Bas</h4>", "", "heading-order"),
        (USUAL + "<p id='nom'>Un texte</p>", "", "names: twice: nom"),
        (USUAL + "<section>Large</section>", "section { width: 700px; }", "pixels wide on a screen of 600"),
        (USUAL.replace("texte", "t" * 300), "", "pixels wide on a screen of 320"),
    ],
)
async def test_what_is_wrong_is_found_beside_what_is_known(
    chromium: Browser, content: str, style: str, complaint: str
) -> None:
    page, known = await chromium.new_page(viewport={"width": WIDE, "height": HEIGHT}), Examined()
    await page.set_content(page_of(USUAL))
    assert await complaints_about(page, known) == []
    await page.set_content(page_of(content, style))
    found = await complaints_about(page, known)
    await page.close()
    assert bool(found) == bool(complaint), found
    assert any(complaint in one for one in found) or not complaint, found
