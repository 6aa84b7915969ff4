"""Members sign the charter: versions of its text, signatures, until when they are asked to sign."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None

TABLES = ("charter_versions", "charter_signatures", "charter_calls")
_VERSIONS = ["charter_versions.group_id", "charter_versions.number"]


def upgrade() -> None:
    op.create_table(
        "charter_versions",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("blocks", postgresql.JSONB(), nullable=False),
        sa.Column("kept_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_charter_versions_counts_from_one")),
        sa.CheckConstraint("fingerprint ~ '^[0-9a-f]{64}$'", name=op.f("ck_charter_versions_fingerprint_is_sha256")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_charter_versions_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "number", name=op.f("pk_charter_versions")),
        sa.UniqueConstraint("group_id", "fingerprint", name=op.f("uq_charter_versions_group_id_fingerprint")),
    )
    _signatures()
    op.create_table(
        "charter_calls",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sign_by", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_charter_calls_counts_from_one")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_charter_calls_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "version"], _VERSIONS, name=op.f("fk_charter_calls_group_id_version_charter_versions")
        ),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_charter_calls")),
    )
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )


def _signatures() -> None:
    op.create_table(
        "charter_signatures",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_because", sa.String(), nullable=False),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("name <> '' AND function <> ''", name=op.f("ck_charter_signatures_names_who_signs")),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_because = '')", name=op.f("ck_charter_signatures_withdrawn_says_why")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_charter_signatures_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_charter_signatures_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "version"], _VERSIONS, name=op.f("fk_charter_signatures_group_id_version_charter_versions")
        ),
        sa.ForeignKeyConstraint(["noted_by"], ["people.id"], name=op.f("fk_charter_signatures_noted_by_people")),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["people.id"], name=op.f("fk_charter_signatures_withdrawn_by_people")
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_charter_signatures")),
    )
    op.create_index(
        "uq_charter_signatures_standing",
        "charter_signatures",
        ["group_id", "member_id", "version"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
