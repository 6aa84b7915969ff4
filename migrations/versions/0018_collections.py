"""A collection is a row of its own, out of the purchase's columns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "collections",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closes_at", INSTANT, nullable=False),
        sa.Column("scheduled_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed', 'cancelled')", name=op.f("ck_collections_state_known")),
        sa.CheckConstraint("num_nonnulls(purchase_id) = 1", name=op.f("ck_collections_one_subject")),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_collections_closed_has_date")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_collections_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_collections_group_id_purchase_id_purchases"),
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_collections")),
        sa.UniqueConstraint("group_id", "purchase_id", name=op.f("uq_collections_group_id_purchase_id")),
    )
    op.execute("ALTER TABLE collections ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON collections "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
    op.execute(
        """
        INSERT INTO collections
            (group_id, purchase_id, state, opened_at, closes_at, scheduled_at, closed_at, revision)
        SELECT group_id, id,
            CASE
                WHEN state = 'open' THEN 'open'
                -- A collection that was open when its purchase was given up has never closed.
                WHEN state = 'cancelled' AND closed_at IS NULL THEN 'cancelled'
                ELSE 'closed'
            END,
            coalesce(opened_at, scheduled_at, created_at), closes_at, coalesce(scheduled_at, opened_at, created_at),
            CASE
                WHEN state = 'open' OR (state = 'cancelled' AND closed_at IS NULL) THEN NULL
                ELSE coalesce(closed_at, closes_at)
            END,
            revision
        FROM purchases WHERE closes_at IS NOT NULL
        """
    )
    op.drop_constraint(op.f("ck_purchases_open_until"), "purchases", type_="check")
    for column in ("opened_at", "closes_at", "scheduled_at", "closed_at", "revision"):
        op.drop_column("purchases", column)
