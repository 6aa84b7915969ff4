"""What a purchase's case is read from tells its changes: the current shares count no more. Whoever reads another table
adds it here; a test compares.
"""

from pooling.kernel.changes import Watch, watch

_TELL = """
INSERT INTO case_changes (group_id, purchase_id)
SELECT DISTINCT $1::bigint, told.purchase_id FROM ({}) told"""
_EVERYTHING = _TELL.format("SELECT id AS purchase_id FROM purchases WHERE group_id = $1")
_GIVEN = ("purchase_id", "SELECT unnest($2::bigint[]) AS purchase_id")
# Not `= ANY ($2)`, which a statement that was planned for any keys compares one by one.
_THESE = "IN (SELECT unnest($2::bigint[]))"
_OF_A_BILL = (
    "bill_id",
    "SELECT purchase_id FROM bills WHERE group_id = $1 AND id = ANY ($2::bigint[]) AND state = 'accepted'",
)
READ = {
    "purchases": ("id", _GIVEN[1]),
    "items": _GIVEN,
    "participations": _GIVEN,
    "charges": _GIVEN,
    "subsidies": _GIVEN,
    "consolidations": _GIVEN,
    "collections": _GIVEN,
    "declarations": _GIVEN,
    "bills": _GIVEN,
    "bill_lines": _OF_A_BILL,
    "bill_rates": _OF_A_BILL,
    "price_tiers": (
        "item_id",
        f"SELECT purchase_id FROM items WHERE group_id = $1 AND id {_THESE}",  # noqa: S608 - ours
    ),
    "needs": (
        "declaration_id",
        f"SELECT purchase_id FROM declarations WHERE group_id = $1 AND id {_THESE} AND state = 'filed'",  # noqa: S608
    ),
    "assignments": (
        "consolidation_id",
        "SELECT purchase_id FROM consolidations WHERE group_id = $1 AND id = ANY ($2::bigint[])",
    ),
    "budgets": (
        "id",
        f"SELECT purchase_id FROM participations WHERE group_id = $1 AND budget_id {_THESE}",  # noqa: S608
    ),
    # A unit has the category of its parent; the lead member may hold a stock without taking part.
    "members": (
        "id",
        f"""WITH touched AS (
            SELECT id FROM members WHERE group_id = $1 AND (id {_THESE} OR parent_id {_THESE}))
        SELECT purchase_id FROM participations
        WHERE group_id = $1 AND member_id = ANY (ARRAY(SELECT id FROM touched))
        UNION SELECT id FROM purchases
        WHERE group_id = $1 AND lead_member_id = ANY (ARRAY(SELECT id FROM touched))""",  # noqa: S608
    ),
}
"""By table the column that says whose case a row is of, and the purchases of these. A draft's lines count for none."""
_FORGET = """
WITH gone AS (DELETE FROM case_changes WHERE group_id = $1 AND purchase_id = ANY ($2::bigint[]))
DELETE FROM current_allocations WHERE group_id = $1 AND purchase_id = ANY ($2::bigint[])"""


def watch_cases() -> None:
    for table, (key, purchases) in READ.items():
        how = frozenset({"insert", "update"} if table == "purchases" else {"insert", "update", "delete"})
        watch(table, Watch(key, _TELL.format(purchases), _EVERYTHING, how))
    watch("purchases", Watch("id", _FORGET, of=frozenset({"delete"})))
