"""What waits, for who watches over the service: files that were asked for too, and how many of each."""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP FUNCTION oldest_arrears(timestamptz)")
    # Of all groups together, and no more than numbers and moments. Each is read from an index of what waits.
    op.execute("""CREATE FUNCTION operating_figures(at timestamptz)
        RETURNS TABLE (reminders_waiting bigint, reminder_since timestamptz, messages_waiting bigint,
            messages_tried bigint, message_since timestamptz, exports_waiting bigint, export_since timestamptz,
            exports_failed bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT r.waiting, r.since, m.waiting, m.tried, m.since, e.waiting, e.since, e.failed
        FROM (SELECT count(*) AS waiting, min(due_at) AS since
                FROM reminders WHERE state = 'planned' AND due_at <= at) r,
            (SELECT count(*) AS waiting, count(*) FILTER (WHERE attempts > 0) AS tried, min(next_try_at) AS since
                FROM messages WHERE state IN ('queued', 'sending') AND next_try_at <= at) m,
            (SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
                    min(asked_at) FILTER (WHERE state = 'waiting') AS since,
                    count(*) FILTER (WHERE state = 'failed') AS failed
                FROM exports) e $$""")
