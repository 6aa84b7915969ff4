"""Sessions tell what follows from a change (`kernel/changes.py`): no table of a group has a trigger any more."""

from alembic import op

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None

READ = (
    "purchases", "items", "participations", "charges", "subsidies", "consolidations", "collections", "declarations",
    "price_tiers", "needs", "assignments", "budgets", "members", "bills", "bill_rates", "bill_lines",
)  # fmt: skip


def upgrade() -> None:
    for table in READ:
        for kind in ("insert", "update", "delete"):
            if (table, kind) != ("purchases", "delete"):
                op.execute(f"DROP TRIGGER tells_{kind} ON {table}")
        op.execute(f"DROP FUNCTION tell_change_of_{table}()")
    for function, table in (
        ("forgets_current_shares", "purchases"),
        ("queue_webhook_deliveries", "events"),
    ):
        op.execute(f"DROP TRIGGER {function} ON {table}")
    op.execute("DROP FUNCTION forget_current_shares()")
    op.execute("DROP FUNCTION queue_webhook_deliveries()")
    # What a session told before it was one that tells is computed anew.
    op.execute("DELETE FROM current_allocations")
