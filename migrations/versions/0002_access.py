"""Signing in, second factor, API tokens, requests for access."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("scope IN ('read', 'write')", name=op.f("ck_api_tokens_scope_known")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_api_tokens_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_api_tokens_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index(op.f("ix_api_tokens_person_id"), "api_tokens", ["person_id"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_idempotency_keys_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_idempotency_keys_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "person_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("person_id", "code_hash", name=op.f("uq_recovery_codes_person_id_code_hash")),
    )
    op.create_table(
        "second_factors",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_second_factors_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "sign_in_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("link_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("next_path", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sign_in_codes_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_codes")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_sign_in_codes_link_hash")),
    )
    op.create_index(op.f("ix_sign_in_codes_browser_hash"), "sign_in_codes", ["browser_hash"], unique=False)
    op.create_table(
        "access_requests",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'pending') = (decided_at IS NULL)", name=op.f("ck_access_requests_decided_has_date")
        ),
        sa.CheckConstraint(
            "role IN ('facilitator', 'reader', 'referent', 'finance', 'lead_buyer')",
            name=op.f("ck_access_requests_role_known"),
        ),
        sa.CheckConstraint("state IN ('pending', 'granted', 'refused')", name=op.f("ck_access_requests_state_known")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_access_requests_asked_by_people")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_access_requests_decided_by_people")),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_access_requests_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_access_requests_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_access_requests")),
    )
    op.create_index(
        "uq_access_requests_pending_once",
        "access_requests",
        ["group_id", "email"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.add_column(
        "groups", sa.Column("second_factor_required", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("groups", sa.Column("lines_visible_to_all", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("groups", sa.Column("archived_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("people", sa.Column("phone", sa.String(), server_default="", nullable=False))
    op.add_column("people", sa.Column("administrator", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("people", sa.Column("purged_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("sessions", sa.Column("browser", sa.String(), server_default="", nullable=False))
    op.add_column("sessions", sa.Column("second_factor_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("sessions", sa.Column("rotate", sa.Boolean(), server_default=sa.false(), nullable=False))
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
    for table in OF_NO_GROUP:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY no_group ON {table} "
            "USING (current_group_id() IS NULL) WITH CHECK (current_group_id() IS NULL)"
        )
    for statement in STEPS_ACROSS_GROUPS:
        op.execute(statement)


TENANT_TABLES = ("access_requests", "idempotency_keys")
OF_NO_GROUP = ("sign_in_codes", "throttles", "second_factors", "recovery_codes", "api_tokens")

STEPS_ACROSS_GROUPS = (
    # Nobody enters an archived group, and no sweep looks at it.
    """CREATE OR REPLACE FUNCTION groups_of_person(wanted bigint) RETURNS SETOF groups
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT g.* FROM groups g WHERE g.archived_at IS NULL AND EXISTS (
            SELECT FROM memberships m WHERE m.group_id = g.id AND m.person_id = wanted AND m.ended_at IS NULL)
            ORDER BY g.name $$""",
    """CREATE OR REPLACE FUNCTION all_groups() RETURNS SETOF groups
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT * FROM groups WHERE archived_at IS NULL ORDER BY id $$""",
    # For the administrator of the installation: every group, with how many members and people it has.
    """CREATE FUNCTION groups_with_sizes()
        RETURNS TABLE (id bigint, slug text, name text, created_at timestamptz, archived_at timestamptz,
            members bigint, people bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT g.id, g.slug::text, g.name::text, g.created_at, g.archived_at,
            (SELECT count(*) FROM members m WHERE m.group_id = g.id),
            (SELECT count(DISTINCT person_id) FROM memberships h WHERE h.group_id = g.id AND h.ended_at IS NULL)
            FROM groups g ORDER BY g.name $$""",
    # A person's rights changed in a group: its open sessions get a new token at their next request.
    """CREATE FUNCTION rotate_sessions(people_ids bigint[]) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ UPDATE sessions SET rotate = true WHERE person_id = ANY (people_ids) $$""",
    # Blanks people who hold no role in any group since a moment; events still name their id. Returns how many.
    """CREATE FUNCTION purge_people(left_before timestamptz, at timestamptz) RETURNS bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
        WITH gone AS (
            UPDATE people p SET name = 'Personne partie', email = 'purged-' || p.id || '@invalid', function = '',
                phone = '', purged_at = at
            WHERE p.purged_at IS NULL AND NOT p.administrator
              AND EXISTS (SELECT FROM memberships m WHERE m.person_id = p.id)
              AND NOT EXISTS (SELECT FROM memberships m WHERE m.person_id = p.id
                  AND (m.ended_at IS NULL OR m.ended_at >= left_before))
            RETURNING p.id),
        closed AS (DELETE FROM sessions WHERE person_id IN (SELECT id FROM gone)),
        codes AS (DELETE FROM sign_in_codes WHERE person_id IN (SELECT id FROM gone)),
        factors AS (DELETE FROM second_factors WHERE person_id IN (SELECT id FROM gone)),
        tokens AS (DELETE FROM api_tokens WHERE person_id IN (SELECT id FROM gone)),
        mails AS (UPDATE messages SET recipient = '', body_text = '', body_html = ''
            WHERE person_id IN (SELECT id FROM gone))
        SELECT count(*) FROM gone $$""",
)
