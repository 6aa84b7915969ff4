"""Finance workbooks that are written apart from the request that asks for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.Integer(), nullable=True),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("lease", sa.String(), nullable=True),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("figures_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", name=op.f("ck_exports_failed_says_why")),
        sa.CheckConstraint("(state = 'ready') = (size IS NOT NULL)", name=op.f("ck_exports_ready_has_size")),
        sa.CheckConstraint("(state = 'writing') = (lease IS NOT NULL)", name=op.f("ck_exports_leased_while_writing")),
        sa.CheckConstraint("state IN ('waiting', 'writing', 'ready', 'failed')", name=op.f("ck_exports_state_known")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_exports_asked_by_people")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id", "record"],
            ["allocations.group_id", "allocations.purchase_id", "allocations.number"],
            name=op.f("fk_exports_group_id_purchase_id_record_allocations"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_exports_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_exports_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_exports")),
    )
    op.create_index(
        "ix_exports_under_way",
        "exports",
        ["group_id", "purchase_id", "record"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("state IN ('waiting', 'writing')"),
    )
    op.create_table(
        "export_contents",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id", "export_id"],
            ["exports.group_id", "exports.id"],
            name=op.f("fk_export_contents_group_id_export_id_exports"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_export_contents_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "export_id", name=op.f("pk_export_contents")),
    )
    # A workbook is compressed already: PostgreSQL need not try.
    op.execute("ALTER TABLE export_contents ALTER COLUMN content SET STORAGE EXTERNAL")
    for table in ("exports", "export_contents"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
    op.execute(CLAIM)


# Takes the workbook that waits longest, of any group, under a lease, and says no more of it than where it is: all the
# rest is read and written inside its group. A lease that ran out was held by a worker that is gone. The choice is made
# apart: as a subquery of the UPDATE, PostgreSQL may run it once for each row, and take more than one.
CLAIM = """CREATE FUNCTION claim_export(new_lease text, at timestamptz, until timestamptz)
    RETURNS TABLE (in_group bigint, export_id bigint)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH first AS MATERIALIZED (
        SELECT group_id, id FROM exports
        WHERE state = 'waiting' OR (state = 'writing' AND lease_until <= at)
        ORDER BY asked_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE exports SET state = 'writing', lease = new_lease, lease_until = until, tries = tries + 1, rows_done = 0
    FROM first WHERE exports.group_id = first.group_id AND exports.id = first.id
    RETURNING exports.group_id, exports.id $$"""
