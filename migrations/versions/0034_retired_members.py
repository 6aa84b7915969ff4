"""Members leave the group and come back; some become another one. Who has a role of a member also has it of those that
this one took the place of: what they still have to receive and to pay is its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("members", sa.Column("retired_on", sa.Date(), nullable=True))
    op.add_column("members", sa.Column("retired_because", sa.String(), nullable=True))
    op.add_column("members", sa.Column("merged_into_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_members_group_id_merged_into_id_members"),
        "members",
        "members",
        ["group_id", "merged_into_id"],
        ["group_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_members_retired_says_why"), "members", "(retired_on IS NULL) = (retired_because IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_members_merged_is_retired"),
        "members",
        "merged_into_id IS NULL OR (retired_on IS NOT NULL AND merged_into_id <> id)",
    )
    op.create_index(
        op.f("ix_members_group_id_merged_into_id"),
        "members",
        ["group_id", "merged_into_id"],
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index(
        "ix_members_retired",
        "members",
        ["group_id", "sort_key", "id"],
        postgresql_where=sa.text("retired_on IS NOT NULL"),
    )
    op.execute(ENTERING)


ENTERING = """
CREATE OR REPLACE FUNCTION enter_group_as(wanted bigint, person bigint)
RETURNS TABLE (role text, member_id bigint, purchase_id bigint, lines_visible_to_all boolean)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('pooling.group_id', wanted::text, true);
    RETURN QUERY
        WITH held AS (
            SELECT m.role::text AS role, m.member_id, m.purchase_id FROM memberships m
            WHERE m.group_id = wanted AND m.person_id = person AND m.ended_at IS NULL
        )
        SELECT h.role, h.member_id, h.purchase_id, g.lines_visible_to_all
        FROM (
            SELECT held.role, held.member_id, held.purchase_id FROM held
            UNION ALL
            SELECT held.role, b.id, held.purchase_id FROM held
            JOIN members b ON b.group_id = wanted AND b.merged_into_id = held.member_id
        ) h JOIN groups g ON g.id = wanted;
END $$"""
