"""Versions of conventions and deliberations that are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_documents",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("kept_by", sa.BigInteger(), nullable=False),
        sa.Column("kept_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_kept_documents_number_counts")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_kept_documents_group_id_groups")),
        *(
            sa.ForeignKeyConstraint(
                ["group_id", column],
                [f"{table}.group_id", f"{table}.id"],
                name=op.f(f"fk_kept_documents_group_id_{column}_{table}"),
            )
            for column, table in (("purchase_id", "purchases"), ("member_id", "members"), ("file_id", "files"))
        ),
        sa.ForeignKeyConstraint(["kept_by"], ["people.id"], name=op.f("fk_kept_documents_kept_by_people")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_kept_documents")),
        sa.UniqueConstraint(
            "group_id",
            "purchase_id",
            "member_id",
            "number",
            name=op.f("uq_kept_documents_group_id_purchase_id_member_id_number"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_kept_documents_group_id_member_id"), "kept_documents", ["group_id", "member_id"])
    op.execute("ALTER TABLE kept_documents ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON kept_documents "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
