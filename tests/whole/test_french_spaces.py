"""No page breaks a line before « : ; ! ? » or inside quotation marks, whoever wrote what it says."""

import re
from html import unescape

from sqlalchemy import text

from factories import NOW, Territory, open_purchase
from pooling.kernel.database import Database
from web_client import Browser, SignIn

LINK = re.compile(r'href="(/[^"?#]*)')
NOT_READ = re.compile(r"(?s)<(script|style|textarea|pre|code)\b.*?</\1>|<[^>]*>")
BREAKABLE = re.compile(r".{0,30}(?:(?<=\S)[ \n]+[;!?:»](?=[ \n]|$)|«[ \n]).{0,30}")
MANY = 30
"""Pages that the facilitator reaches, at least."""


async def pages_within_reach(browser: Browser, start: str) -> dict[str, str]:
    """Every HTML page that links lead to, numbers in addresses counted once; and what it says."""
    waiting, met, said = [start], set(), {}
    while waiting:
        path = waiting.pop()
        kind = re.sub(r"\d+", "0", path)
        if kind in met:
            continue
        met.add(kind)
        answer = await browser.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            said[path] = unescape(NOT_READ.sub("", answer.text))
            waiting += LINK.findall(answer.text)
    return said


async def test_no_page_has_a_space_that_breaks(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET title = 'Prêts ? « oui » : non ; si !'"))
    said = await pages_within_reach(await sign_in("animation@bassin.example"), "/g/bassin")
    assert len(said) > MANY
    assert any("Prêts\u202f? «\u00a0oui\u00a0»\u00a0: non\u202f; si\u202f!" in page for page in said.values())
    assert {path: found for path, page in said.items() if (found := BREAKABLE.findall(page))} == {}
