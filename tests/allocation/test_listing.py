"""Who pays what, listed by the database: pages of the largest first, what moved, who is gone, who gets no FCTVA."""

import pytest
from sqlalchemy import text

from factories import BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.allocation import listing
from pooling.allocation.current import read_current
from pooling.allocation.listing import current_shares, list_shares, record_shares, shares_compared, sum_up
from pooling.allocation.records.freezing import freeze_allocation
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.slices import Slice
from pooling.members.entrance import caller_of
from web_client import SignIn, text_of

COSTS = "/g/bassin/achats/AG-2027-001/couts"


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LISTED_AT_MOST", 1)


async def two_who_pay(database: Database, territory: Territory) -> int:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=9)
    return purchase_id


@pytest.mark.usefixtures("short_pages")
async def test_pages_follow_each_other_and_leave_nobody_out(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await two_who_pay(database, territory)
    buyer = await sign_in(BUYER)
    first = await buyer.get(COSTS)
    assert SALLES in first.text
    assert "1 autre membre dans le fichier" in text_of(first)
    assert f"{LUGOS}</span>" not in first.text
    following = first.text.partition('rel="next" href="')[2].partition('"')[0]
    second = await buyer.get(following)
    assert f"{LUGOS}</span>" in second.text
    assert f"{SALLES}</span>" not in second.text
    assert 'rel="next"' not in second.text
    assert f'rel="prev" href="{COSTS}"' in second.text
    strange = await buyer.get(f"{COSTS}?apres=n’importe quoi")
    assert f"{SALLES}</span>" in strange.text, "the first page is shown"


async def test_what_moved_and_who_is_gone(database: Database, territory: Territory) -> None:
    purchase_id = await two_who_pay(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        record = await freeze_allocation(session, buyer, purchase_id, "x", FixedClock(NOW))
        await session.execute(
            text("INSERT INTO allocation_shares (group_id, allocation_id, member, name, budget, ht, vat, subsidies, "
                 "fctva, net, vat_by_rate, gets_fctva, lines) "
                 "SELECT group_id, allocation_id, 'PARTI', 'Commune partie', '', 100, 20, 0, 0, 120, '{}', true, '[]' "
                 "FROM allocation_shares LIMIT 1")
        )  # fmt: skip
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=0)
    async with database.transaction(territory.group_id) as session:
        stated = await read_current(session, purchase_id)
        shares, since = current_shares(purchase_id), record_shares(record.id)
        listed = await list_shares(session, shares, Slice(), since=since)
        drifts = {share.id: share.drift for share in listed.items}
        before = {share.id: share for share in (await list_shares(session, since, Slice())).items}
        assert drifts[LUGOS] == (-before[LUGOS].ttc, -before[LUGOS].net), "listed though it has no share any more"
        assert drifts[SALLES] is None
        summary = await sum_up(session, shares, since=since)
        assert (summary.moved, summary.gone, summary.listed) == (2, ("Commune partie",), 2)
        paying = [member for member in stated.result.results if member.ht or member.vat]
        assert (await sum_up(session, shares)).listed == len(paying) == 1
        mine = await sum_up(session, shares, [SALLES], since=since)
        assert (mine.moved, mine.gone, mine.listed) == (0, (), 1), "nothing is said of the others"
        later = await freeze_allocation(session, buyer, purchase_id, "x", FixedClock(NOW))
        compared = await shares_compared(session, since, record_shares(later.id), Slice())
        sums = {one.id: (one.name, one.ttc_before, one.ttc, *one.drift) for one in compared.items}
        same, lugos = before[SALLES].ttc, before[LUGOS]
        assert sums == {
            SALLES: ("Salles", same, same, 0, 0),
            LUGOS: ("Lugos", lugos.ttc, 0, -lugos.ttc, -lugos.net),
            "PARTI": ("Commune partie", 120, 0, -120, -120),
        }
        (mine_alone,) = (await shares_compared(session, since, record_shares(later.id), Slice(), [LUGOS])).items
        assert mine_alone.id == LUGOS


async def test_who_gets_no_fctva_is_counted_and_named(database: Database, territory: Territory) -> None:
    purchase_id = await two_who_pay(database, territory)
    async with database.transaction(territory.group_id) as session:
        await read_current(session, purchase_id)
        await session.execute(text("UPDATE current_shares SET gets_fctva = (member <> :lugos)"), {"lugos": LUGOS})
        summary = await sum_up(session, current_shares(purchase_id))
        assert (summary.without_fctva, summary.without_named) == (1, ("Lugos",))
