"""Statements of frozen allocations that are mailed, and what was sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "statement_mails",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("allocation_id", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("recipients", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "char_length(number) BETWEEN 1 AND 20", name=op.f("ck_statement_mails_number_of_an_invoice")
        ),
        sa.CheckConstraint("(sent_at IS NULL) = (file_id IS NULL)", name=op.f("ck_statement_mails_sent_has_file")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_statement_mails_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "file_id"],
            ["files.group_id", "files.id"],
            name=op.f("fk_statement_mails_group_id_file_id_files"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "allocation_id", "member"],
            ["allocation_shares.group_id", "allocation_shares.allocation_id", "allocation_shares.member"],
            name=op.f("fk_statement_mails_group_id_allocation_id_member_allocation_shares"),
        ),
        sa.PrimaryKeyConstraint("group_id", "allocation_id", "member", name=op.f("pk_statement_mails")),
    )
    op.create_index(
        "ix_statement_mails_waiting",
        "statement_mails",
        ["group_id", "asked_at"],
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_index(op.f("ix_statement_mails_group_id_file_id"), "statement_mails", ["group_id", "file_id"])
    op.execute("ALTER TABLE statement_mails ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON statement_mails "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
