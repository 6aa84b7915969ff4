"""Files written apart are of any feature, under the lease that messages have; their contents stand with all files'.
Numbers that leave no gap are counted in rows.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BODY = "LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS"
LEASED = (
    "DROP FUNCTION claim_export",
    # Takes the files that wait longest, of any group, under a lease, and says no more of them than where they are: all
    # the rest is read and written inside their groups. A lease that ran out was held by a worker that is gone. The
    # choice is made apart: as a subquery of the UPDATE, PostgreSQL may run it once for each row, and take more than it.
    f"""CREATE FUNCTION claim_exports(new_lease text, at timestamptz, until timestamptz, most integer)
    RETURNS TABLE (in_group bigint, export_id bigint) {_BODY} $$
    WITH first AS MATERIALIZED (
        SELECT group_id, id FROM exports
        WHERE state = 'waiting' OR (state = 'writing' AND lease_until <= at)
        ORDER BY asked_at, id LIMIT most FOR UPDATE SKIP LOCKED)
    UPDATE exports SET state = 'writing', lease = new_lease, lease_until = until, tries = tries + 1, rows_done = 0
    FROM first WHERE exports.group_id = first.group_id AND exports.id = first.id
    RETURNING exports.group_id, exports.id $$""",
    # Prolongs the leases that a worker still holds, and says which; the others belong to somebody else now.
    f"""CREATE FUNCTION hold_exports(held_lease text, ids bigint[], until timestamptz) RETURNS SETOF bigint {_BODY} $$
    UPDATE exports SET lease_until = until
    WHERE id = ANY (ids) AND lease = held_lease AND state = 'writing' RETURNING id $$""",
    # What became of files that a worker holds; says of which. One that waits again is begun anew, at once.
    f"""CREATE FUNCTION settle_exports(held_lease text, ids bigint[], new_state text, at timestamptz,
        try_at timestamptz, why text, more_tries integer)
    RETURNS SETOF bigint {_BODY} $$
    UPDATE exports SET state = new_state, lease = NULL, lease_until = try_at, reason = why, tries = tries + more_tries,
        rows_done = CASE WHEN new_state = 'waiting' THEN 0 ELSE rows_done END,
        ended_at = CASE WHEN new_state <> 'waiting' THEN at END
    WHERE id = ANY (ids) AND lease = held_lease AND state = 'writing' RETURNING id $$""",
)


def upgrade() -> None:
    op.add_column("exports", sa.Column("kind", sa.String(), nullable=True))
    op.add_column("exports", sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("exports", sa.Column("file_id", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE exports SET kind = 'allocation', terms = jsonb_build_object('purchase', purchase_id, 'record', record)"
    )
    op.alter_column("exports", "kind", nullable=False)
    op.alter_column("exports", "terms", nullable=False)
    _move_contents()
    op.drop_index("ix_exports_under_way", "exports")
    op.drop_constraint(op.f("ck_exports_ready_has_size"), "exports")
    op.drop_constraint(op.f("fk_exports_group_id_purchase_id_record_allocations"), "exports")
    op.drop_constraint(op.f("fk_exports_group_id_purchase_id_purchases"), "exports")
    for column in ("purchase_id", "record", "size"):
        op.drop_column("exports", column)
    op.create_foreign_key(
        op.f("fk_exports_group_id_file_id_files"), "exports", "files", ["group_id", "file_id"], ["group_id", "id"]
    )
    op.create_check_constraint(op.f("ck_exports_ready_has_file"), "exports", "state <> 'ready' OR file_id IS NOT NULL")
    op.create_index(
        "ix_exports_under_way",
        "exports",
        ["group_id", "kind", "terms"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'writing')"),
    )
    for statement in LEASED:
        op.execute(statement)
    _count()


def _move_contents() -> None:
    """One content after the other: each may be many megabytes."""
    op.execute("ALTER TABLE file_contents ALTER COLUMN content SET STORAGE EXTERNAL")  # compressed already, nearly all
    connection = op.get_bind()
    for group_id, export_id in connection.execute(sa.text("SELECT group_id, export_id FROM export_contents")).all():
        key = {"group_id": group_id, "id": export_id}
        connection.execute(
            sa.text(
                "INSERT INTO file_contents (group_id, sha256, content) SELECT group_id, sha256(content), content "
                "FROM export_contents WHERE group_id = :group_id AND export_id = :id ON CONFLICT DO NOTHING"
            ),
            key,
        )
        connection.execute(
            sa.text("""
            WITH made AS (
                INSERT INTO files (group_id, name, media_type, size, sha256, added_at)
                SELECT e.group_id,
                    p.reference || coalesce('-etat-' || e.record, '-repartition-estimee') || '.xlsx',
                    :media_type, octet_length(c.content), sha256(c.content), e.ended_at
                FROM exports e
                JOIN export_contents c ON c.group_id = e.group_id AND c.export_id = e.id
                JOIN purchases p ON p.group_id = e.group_id AND p.id = e.purchase_id
                WHERE e.group_id = :group_id AND e.id = :id
                RETURNING id)
            UPDATE exports SET file_id = made.id FROM made WHERE group_id = :group_id AND exports.id = :id"""),
            {**key, "media_type": XLSX},
        )
    op.drop_table("export_contents")


def _count() -> None:
    op.create_table(
        "numberings",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last > 0", name=op.f("ck_numberings_begins_at_one")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_numberings_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "series", name=op.f("pk_numberings")),
    )
    op.execute("ALTER TABLE numberings ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON numberings "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
    # Those that deleted purchases had never come back.
    op.execute("""
        INSERT INTO numberings (group_id, series, last)
        SELECT group_id, substring(reference FROM '^(AG-[0-9]{4})-'), max(substring(reference FROM '[0-9]+$')::integer)
        FROM (
            SELECT group_id, reference FROM purchases
            UNION ALL
            SELECT group_id, details ->> 'reference' FROM events WHERE name = 'purchase.deleted') AS given
        WHERE reference ~ '^AG-[0-9]{4}-[0-9]{1,9}$'
        GROUP BY 1, 2""")
