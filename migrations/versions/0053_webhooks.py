"""Webhooks: addresses of other programs that are told of events, what is sent to them and what came of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_BODY = "LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS"
FUNCTIONS = (
    # Writes down, in the event's own transaction, whom it is to be sent to: whatever adds events, one by one or many
    # at once, and nothing above has to think of it. Row-level security binds it as it binds who adds them.
    """CREATE FUNCTION queue_webhook_deliveries() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        INSERT INTO webhook_deliveries (group_id, webhook_id, event_id, state, tries, next_try_at, created_at)
        SELECT e.group_id, w.id, e.id, 'waiting', 0, e.at, e.at
        FROM added e JOIN webhooks w ON w.group_id = e.group_id AND w.stopped IS NULL AND e.name = ANY (w.kinds);
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER queue_webhook_deliveries AFTER INSERT ON events REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION queue_webhook_deliveries()""",
    # Takes what is due, of any group, under a lease, and says no more of it than where it is. Of each address one thing
    # at a time: one that hangs keeps no more than one of a worker's hands, and things arrive in their order.
    f"""CREATE FUNCTION claim_webhook_deliveries(new_lease text, at timestamptz, until timestamptz, most integer)
    RETURNS TABLE (in_group bigint, delivery_id bigint) {_BODY} $$
    WITH ready AS MATERIALIZED (
        SELECT DISTINCT ON (d.group_id, d.webhook_id) d.group_id, d.id, d.next_try_at
        FROM webhook_deliveries d
        WHERE d.state IN ('waiting', 'sending') AND d.next_try_at <= at AND NOT EXISTS (
            SELECT FROM webhook_deliveries o WHERE o.group_id = d.group_id AND o.webhook_id = d.webhook_id
                AND o.state = 'sending' AND o.next_try_at > at)
        ORDER BY d.group_id, d.webhook_id, d.next_try_at, d.id),
    first AS MATERIALIZED (
        SELECT d.group_id, d.id FROM ready JOIN webhook_deliveries d USING (group_id, id)
        WHERE d.state IN ('waiting', 'sending') AND d.next_try_at <= at
        ORDER BY ready.next_try_at, d.id LIMIT most FOR UPDATE OF d SKIP LOCKED)
    UPDATE webhook_deliveries SET state = 'sending', lease = new_lease, next_try_at = until
    FROM first WHERE webhook_deliveries.group_id = first.group_id AND webhook_deliveries.id = first.id
    RETURNING webhook_deliveries.group_id, webhook_deliveries.id $$""",
    # Prolongs the leases that a worker still holds, and says which; the others belong to somebody else now.
    f"""CREATE FUNCTION hold_webhook_deliveries(held_lease text, ids bigint[], until timestamptz)
    RETURNS SETOF bigint {_BODY} $$
    UPDATE webhook_deliveries SET next_try_at = until
    WHERE id = ANY (ids) AND lease = held_lease AND state = 'sending' RETURNING id $$""",
    # What became of what a worker holds; says of which.
    f"""CREATE FUNCTION settle_webhook_deliveries(held_lease text, ids bigint[], new_state text, at timestamptz,
        try_at timestamptz, why text, more_tries integer)
    RETURNS SETOF bigint {_BODY} $$
    UPDATE webhook_deliveries SET state = new_state, lease = NULL, next_try_at = COALESCE(try_at, next_try_at),
        tries = tries + more_tries, ended_at = CASE WHEN new_state <> 'waiting' THEN at END
    WHERE id = ANY (ids) AND lease = held_lease AND state = 'sending' RETURNING id $$""",
)


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former_secret", sa.LargeBinary(), nullable=True),
        sa.Column("former_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("failing_since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("stopped", sa.String(), nullable=True),
        sa.Column("stopped_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("stopped IN ('by_hand', 'gone', 'failing')", name=op.f("ck_webhooks_stopped_known")),
        sa.CheckConstraint("cardinality(kinds) > 0", name=op.f("ck_webhooks_told_of_something")),
        sa.CheckConstraint(
            "(former_secret IS NULL) = (former_until IS NULL)", name=op.f("ck_webhooks_former_secret_ends")
        ),
        sa.CheckConstraint("(stopped IS NULL) = (stopped_at IS NULL)", name=op.f("ck_webhooks_stopped_has_date")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_webhooks_group_id_groups")),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_webhooks_created_by_people")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("group_id", "url", name=op.f("uq_webhooks_group_id_url")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lease", sa.String(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_state_known")
        ),
        sa.CheckConstraint(
            "(state = 'sending') = (lease IS NOT NULL)", name=op.f("ck_webhook_deliveries_leased_while_sending")
        ),
        sa.CheckConstraint(
            "(state IN ('delivered', 'failed')) = (ended_at IS NOT NULL)",
            name=op.f("ck_webhook_deliveries_ended_has_date"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_webhook_deliveries_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "webhook_id"],
            ["webhooks.group_id", "webhooks.id"],
            name=op.f("fk_webhook_deliveries_group_id_webhook_id_webhooks"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "event_id"],
            ["events.group_id", "events.id"],
            name=op.f("fk_webhook_deliveries_group_id_event_id_events"),
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint(
            "group_id", "webhook_id", "event_id", name=op.f("uq_webhook_deliveries_group_id_webhook_id_event_id")
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["next_try_at"],
        postgresql_where=sa.text("state IN ('waiting', 'sending')"),
    )
    op.create_index(op.f("ix_webhook_deliveries_group_id_ended_at"), "webhook_deliveries", ["group_id", "ended_at"])
    op.create_table(
        "webhook_attempts",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.CheckConstraint("(status IS NULL) = (error <> '')", name=op.f("ck_webhook_attempts_answered_or_failed")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_webhook_attempts_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "webhook_id"],
            ["webhooks.group_id", "webhooks.id"],
            name=op.f("fk_webhook_attempts_group_id_webhook_id_webhooks"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "delivery_id"],
            ["webhook_deliveries.group_id", "webhook_deliveries.id"],
            name=op.f("fk_webhook_attempts_group_id_delivery_id_webhook_deliveries"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_webhook_attempts")),
    )
    op.create_index(
        op.f("ix_webhook_attempts_group_id_webhook_id_id"), "webhook_attempts", ["group_id", "webhook_id", "id"]
    )
    op.create_index(op.f("ix_webhook_attempts_group_id_delivery_id"), "webhook_attempts", ["group_id", "delivery_id"])
    for table in ("webhooks", "webhook_deliveries", "webhook_attempts"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
    for statement in FUNCTIONS:
        op.execute(statement)
