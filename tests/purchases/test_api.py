"""Purchases by programs: the same rules and rights as on the pages."""

from datetime import timedelta
from typing import Any

import pytest

from api_client import API, Connect, problem
from factories import ARCACHON, BUYER, LUGOS, NOW, Territory, file_needs, make_purchase, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.needs.freezing import freeze_consolidation

FACILITATOR = "animation@bassin.example"
ONE = f"{API}/purchases/AG-2027-001"
NEW: dict[str, Any] = {
    "title": "Vélos",
    "lead_member": ARCACHON,
    "items": [
        {"code": "velo", "name": "Vélo", "unit_price": "1200.50", "tiers": [{"from_quantity": 10, "unit_price": 1100}]}
    ],
    "participants": [ARCACHON, LUGOS],
}


async def test_the_facilitator_prepares_names_the_buyer_who_opens_and_closes(
    connect: Connect, clock: FixedClock
) -> None:
    facilitator = await connect(FACILITATOR)
    made = await facilitator.post(f"{API}/purchases", {**NEW, "lead_buyers": ["finances@arcachon.example"]})
    assert made.status_code == 201
    assert made.headers["location"] == ONE
    said = made.json()
    assert (said["reference"], said["state"], said["participants"]) == ("AG-2027-001", "draft", 2)
    assert said["lead_member"] == {"code": ARCACHON, "name": "Arcachon"}
    assert said["items"][0]["unit_price"] == "1200.5"
    assert said["items"][0]["tiers"] == [{"from_quantity": 10, "unit_price": "1100"}]

    assert problem(await facilitator.post(f"{ONE}/opening", {"closes_at": "2027-03-19T18:00:00+01:00"})) == (
        403,
        "forbidden",
    )
    buyer = await connect("finances@arcachon.example")
    opened = await buyer.post(f"{ONE}/opening", {"closes_at": "2027-03-19T18:00:00+01:00"})
    assert (opened.status_code, opened.json()["state"]) == (200, "open")
    assert opened.json()["closes_at"] == "2027-03-19T17:00:00Z"
    assert opened.headers["etag"] == (await buyer.get(ONE)).headers["etag"]
    again = await buyer.post(f"{ONE}/opening", {"closes_at": "2027-03-19T18:00:00+01:00"})
    assert problem(again) == (409, "transition_refused")

    early = await buyer.post(f"{ONE}/closure", {})
    assert problem(early) == (422, "invalid")
    assert list(early.json()["errors"]) == ["reason"]
    clock.instant = NOW + timedelta(days=30)
    closed = await buyer.post(f"{ONE}/closure", {})
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")


async def test_cancelling_wants_a_reason_and_leaves_a_trace(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW)
    buyer = await connect(BUYER)
    assert problem(await buyer.post(f"{ONE}/cancellation", {"reason": "  "})) == (422, "invalid")
    done = await buyer.post(f"{ONE}/cancellation", {"reason": "Plus de budget"})
    assert (done.status_code, done.json()["state"]) == (200, "cancelled")
    assert problem(await buyer.post(f"{ONE}/cancellation", {"reason": "Encore"})) == (409, "transition_refused")
    event = (await buyer.get(f"{API}/audit?name=purchase.cancelled")).json()["items"][0]
    assert (event["from_state"], event["to_state"], event["reason"]) == ("open", "cancelled", "Plus de budget")


async def test_a_referent_prepares_what_its_own_member_leads(connect: Connect) -> None:
    referent = await connect("referent@lugos.example")
    assert (await referent.post(f"{API}/purchases", {**NEW, "lead_member": LUGOS})).status_code == 201
    assert problem(await referent.post(f"{API}/purchases", NEW)) == (403, "forbidden")
    for email in ("observation@bassin.example", "finances@arcachon.example"):
        assert problem(await (await connect(email)).post(f"{API}/purchases", NEW)) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"title", "lead_member"}),
        ([], {""}),
        ({**NEW, "title": "\u0001 \u0007"}, {"title"}),
        ({**NEW, "lead_member": "nobody"}, {"lead_member"}),
        ({**NEW, "participants": ["nobody"]}, {"participants"}),
        ({**NEW, "lead_buyers": ["nobody@nowhere.example"]}, {"lead_buyers"}),
        ({**NEW, "items": NEW["items"] * 2}, {"items"}),
        ({**NEW, "items": [{**NEW["items"][0], "unit_price": "-1"}]}, {"items.0.unit_price"}),
        ({**NEW, "items": [{**NEW["items"][0], "unit_price": 10**30}]}, {"items.0.unit_price"}),
        ({**NEW, "items": [{**NEW["items"][0], "pack": 2**31}]}, {"items.0.pack"}),
        ({**NEW, "items": [{**NEW["items"][0], "tiers": NEW["items"][0]["tiers"] * 2}]}, {"items.0.tiers"}),
        ({**NEW, "items": [{**NEW["items"][0], "prize": 1}]}, {"items.0.prize"}),
        ({**NEW, "delivery_expected_on": "tomorrow"}, {"delivery_expected_on"}),
        ({**NEW, "delivery_expected_on": "9999-12-31"}, {"delivery_expected_on"}),
        ({**NEW, "state": "settled"}, {"state"}),
    ],
)
async def test_what_is_wrong_is_told_field_by_field_in_french(connect: Connect, body: object, fields: set[str]) -> None:
    answer = await (await connect(FACILITATOR)).post(f"{API}/purchases", body)
    assert problem(answer) == (422, "invalid")
    errors = answer.json()["errors"]
    assert set(errors) == fields
    assert all(said[0].isupper() or said[0] == "«" for said in errors.values())
    assert not any("should" in said or "Value error" in said for said in errors.values())
    assert (await (await connect(FACILITATOR)).get(f"{API}/purchases")).json()["items"] == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"title": NaN}',
        b"[" * 100_000,
        b'{"title": "\\ud800"}',
        b'{"title": "\\u0000"}',
        b'{"title": "\xc0\x80"}',
        '{"title": "Vélos"}'.encode("utf-16"),
        '{"title": "Vélos"}'.encode("cp1252"),
        b'{"title": ' + b"[" * 21 + b"]" * 21 + b"}",
        b"[" + b"0," * 120_001 + b"0]",
        b'{"title": ' + b"9" * 10_000 + b"}",
    ],
)
async def test_what_is_not_json_is_malformed(connect: Connect, content: bytes) -> None:
    client = (await connect(FACILITATOR)).client
    headers = {"Content-Type": "application/json"}
    assert problem(await client.post(f"{API}/purchases", content=content, headers=headers)) == (400, "malformed_json")


async def test_what_is_no_text_is_refused_in_addresses_and_headers(connect: Connect) -> None:
    client = (await connect(FACILITATOR)).client
    for address in ("/%00", "?after=%00", "/%ff", "?after=%ED%A0%80", "?limit=%C0%80", "?%00=1"):
        assert problem(await client.get(f"{API}/purchases{address}")) == (400, "bad_request")
    key = {"Idempotency-Key": "a\x00b"}
    assert problem(await client.post(f"{API}/purchases", json=NEW, headers=key)) == (400, "bad_request")
    assert problem(await client.get(f"{API}/purchases?{'a' * 8000}")) == (414, "too_large")


async def test_a_program_does_not_choose_the_charset_either(connect: Connect) -> None:
    client = (await connect(FACILITATOR)).client
    kind = {"Content-Type": "application/json; charset=utf-16"}
    sent = await client.post(f"{API}/purchases", content='{"title": "Vélos"}'.encode("utf-16"), headers=kind)
    assert problem(sent) == (415, "unsupported_media_type")


async def test_a_small_body_makes_no_large_answer(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    many = {**NEW, "participants": [0] * 3_000}
    answer = await program.post(f"{API}/purchases", many)
    assert problem(answer) == (422, "invalid")
    assert len(answer.json()["errors"]) == 20
    assert answer.json()["more_errors"] == 3_000 - 20
    very_many = await program.post(f"{API}/purchases", {**NEW, "participants": [0] * 10_000})
    assert list(very_many.json()["errors"]) == ["participants.0"]
    assert "more_errors" not in very_many.json()
    assert "seule la première faute" in very_many.json()["title"]
    unknown = {**NEW, "participants": [f"{place:09}" for place in range(30_000)]}
    answer = await program.post(f"{API}/purchases", unknown)
    assert answer.json()["errors"]["participants"].endswith("000000019 et 29980\u00a0autres.")
    named = await program.post(f"{API}/purchases", {**NEW, "x" * 100_000: 1})
    assert len(named.content) < 1000


async def test_a_form_is_not_json(connect: Connect) -> None:
    answer = await (await connect(FACILITATOR)).client.post(f"{API}/purchases", data={"title": "Vélos"})
    assert problem(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize("reference", ["AG-2027-999", "x" * 500, "%F0%9F%9A%B2", "..%2f"])
async def test_an_unknown_reference_is_not_found(connect: Connect, reference: str) -> None:
    buyer = await connect(FACILITATOR)
    for path in ("", "/declarations", "/consolidation", "/allocation", "/allocation.xlsx", "/allocation.csv"):
        assert problem(await buyer.get(f"{API}/purchases/{reference}{path}")) == (404, "not_found")


async def test_editing_what_changed_meanwhile_is_refused(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW)
    buyer = await connect(BUYER)
    read = await buyer.get(ONE)
    assert (await buyer.get(ONE)).headers["etag"] == read.headers["etag"]
    stale = await buyer.post(f"{ONE}/closure", {"reason": "Tous ont répondu"}, If_Match='"0123"')
    assert problem(stale) == (412, "changed_meanwhile")
    weak = await buyer.post(f"{ONE}/closure", {"reason": "x"}, If_Match='W/"0123"')
    assert problem(weak) == (412, "changed_meanwhile")
    assert (await buyer.get(ONE)).json()["state"] == "open"
    closed = await buyer.post(f"{ONE}/closure", {"reason": "Tous ont répondu"}, If_Match=f'"0", {read.headers["etag"]}')
    assert closed.status_code == 200
    assert closed.headers["etag"] == (await buyer.get(ONE)).headers["etag"] != read.headers["etag"]
    cancelled = await buyer.post(f"{ONE}/cancellation", {"reason": "x"}, If_Match="*")
    assert cancelled.status_code == 200


async def test_the_list_goes_on_where_the_page_ended(
    connect: Connect, database: Database, territory: Territory
) -> None:
    for number in range(5):
        await make_purchase(database, territory, NOW, title=f"Achat {number}")
    reader = await connect("observation@bassin.example")
    url: str | None = f"{API}/purchases?limit=2"
    pages = []
    while url:
        answer = await reader.get(url)
        pages.append([line["reference"] for line in answer.json()["items"]])
        url = answer.json()["next"]
        assert answer.headers.get("link") == (f'<{url}>; rel="next"' if url else None)
    assert pages == [["AG-2027-005", "AG-2027-004"], ["AG-2027-003", "AG-2027-002"], ["AG-2027-001"]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=zzz", "after"),
        ("after=WzFd&after=WzFd", "after"),
        ("after=Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ", "after"),
        ("after=W251bGxd", "after"),
        ("after=AA", "after"),
        ("page=2", "page"),
    ],
)
async def test_a_wrong_page_is_told(connect: Connect, query: str, field: str) -> None:
    answer = await (await connect(FACILITATOR)).get(f"{API}/purchases?{query}")
    assert problem(answer) == (422, "invalid")
    assert list(answer.json()["errors"]) == [field]


async def test_consolidation_is_for_who_sees_all_needs(
    connect: Connect, database: Database, territory: Territory
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7, abri=1)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3)
    for email in (BUYER, FACILITATOR):
        said = (await (await connect(email)).get(f"{ONE}/consolidation")).json()
        assert (said["number"], said["frozen_at"]) == (None, None)
        arceau = said["items"]["arceau"]
        assert (arceau["order"], arceau["packs"], arceau["total"]) == (10, 2, "1800.00")
        assert {code: units for code, units in arceau["assigned"].items() if units} == {LUGOS: 7, "213304983": 3}
    for email in ("referent@lugos.example", "finances@arcachon.example", "observation@bassin.example"):
        assert problem(await (await connect(email)).get(f"{ONE}/consolidation")) == (403, "forbidden")


async def test_who_gets_what_is_read_in_pages_of_members(
    connect: Connect, database: Database, territory: Territory
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7, abri=1)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3)
    await file_needs(database, territory, purchase_id, "referent@arcachon.example", NOW, abri=2)
    buyer = await connect(BUYER)
    units = {"arceau": {ARCACHON: 0, LUGOS: 7, "213304983": 3}, "abri": {ARCACHON: 2, LUGOS: 1, "213304983": 0}}

    async def read() -> tuple[list[int], dict[str, dict[str, int]]]:
        """How many members each page has, and what all of them say together."""
        sizes, following = list[int](), f"{ONE}/consolidation?limit=2"
        said: dict[str, dict[str, int]] = {code: {} for code in units}
        while following:
            page = (await buyer.get(following)).json()
            assert page["items"]["arceau"]["order"] == 10
            sizes.append(len(page["items"]["arceau"]["assigned"]))
            for code, item in page["items"].items():
                said[code] |= item["assigned"]
            following = page["next"]
        return sizes, said

    assert await read() == ([2, 1], units)
    assert (await buyer.post(f"{ONE}/closure", {"reason": "Tous ont répondu"})).status_code == 200
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[BUYER], territory.group_id)
        await freeze_consolidation(session, caller, purchase_id, FixedClock(NOW), options={})
    assert (await buyer.get(f"{ONE}/consolidation")).json()["number"] == 1
    assert await read() == ([2, 1], units)
    assert problem(await buyer.get(f"{ONE}/consolidation?limit=501")) == (422, "invalid")
    assert problem(await buyer.get(f"{ONE}/consolidation?after=AA")) == (422, "invalid")


async def test_another_purchase_s_buyer_does_not_run_this_one(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW)
    referent = await connect("referent@lugos.example")
    mine = {**NEW, "lead_member": LUGOS, "lead_buyers": ["referent@lugos.example"]}
    assert (await referent.post(f"{API}/purchases", mine)).status_code == 201
    for path, body in (("closure", {"reason": "x"}), ("cancellation", {"reason": "x"})):
        assert problem(await referent.post(f"{ONE}/{path}", body)) == (403, "forbidden")
    assert problem(await referent.get(f"{ONE}/consolidation")) == (403, "forbidden")
    assert (await referent.get(f"{API}/purchases/AG-2027-002/consolidation")).status_code == 200
