"""What groups let out, because they agree to it, and two functions that read it across groups."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

_AS_OWNER = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS"
_FUNCTIONS = (
    # The public page of a group that has one and is not archived: its name, and what its own transaction let out.
    f"""CREATE FUNCTION public_group(wanted text)
        RETURNS TABLE (name text, fictional boolean, introduction text, snapshot jsonb, snapshot_on date)
        {_AS_OWNER} $$ SELECT g.name::text, g.fictional, s.introduction::text, s.snapshot, s.snapshot_on
            FROM groups g JOIN group_sharings s ON s.group_id = g.id
            WHERE g.slug = wanted AND g.archived_at IS NULL AND s.public AND s.snapshot IS NOT NULL $$""",
    # The groups that agree to be compared, for one that agrees too: their names, and what they let out.
    f"""CREATE FUNCTION compared_groups()
        RETURNS TABLE (name text, fictional boolean, snapshot jsonb, snapshot_on date, own boolean)
        {_AS_OWNER} $$ SELECT g.name::text, g.fictional, s.snapshot, s.snapshot_on, g.id = current_group_id()
            FROM groups g JOIN group_sharings s ON s.group_id = g.id
            WHERE g.archived_at IS NULL AND s.compared AND s.snapshot IS NOT NULL AND EXISTS (
                SELECT FROM group_sharings mine WHERE mine.group_id = current_group_id() AND mine.compared)
            ORDER BY g.name, g.id $$""",
)


def upgrade() -> None:
    op.create_table(
        "group_sharings",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("compared", sa.Boolean(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("introduction", sa.String(), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(), nullable=True),
        sa.Column("snapshot_on", sa.Date(), nullable=True),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "snapshot IS NULL OR compared OR public", name=op.f("ck_group_sharings_nothing_without_consent")
        ),
        sa.CheckConstraint(
            "(snapshot IS NULL) = (snapshot_on IS NULL)", name=op.f("ck_group_sharings_snapshot_has_day")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_group_sharings_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_group_sharings")),
    )
    op.execute("ALTER TABLE group_sharings ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON group_sharings "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
    for function in _FUNCTIONS:
        op.execute(function)
