"""Receipts that are withdrawn or corrected stay; a form that is sent twice is one; pictures go with receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("token", "withdrawn_because"):
        op.add_column("receipts", sa.Column(name, sa.String(), nullable=False, server_default=""))
        op.alter_column("receipts", name, server_default=None)
    op.add_column("receipts", sa.Column("replaces_id", sa.BigInteger(), nullable=True))
    op.add_column("receipts", sa.Column("withdrawn_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("receipts", sa.Column("withdrawn_by", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("ck_receipts_withdrawn_says_why"), "receipts", "(withdrawn_at IS NULL) = (withdrawn_because = '')"
    )
    op.create_check_constraint(
        op.f("ck_receipts_withdrawn_has_date"), "receipts", "withdrawn_at IS NOT NULL OR withdrawn_by IS NULL"
    )
    op.create_foreign_key(
        op.f("fk_receipts_group_id_replaces_id_receipts"),
        *("receipts", "receipts"),
        ["group_id", "replaces_id"],
        ["group_id", "id"],
    )
    op.create_index(
        "uq_receipts_token",
        "receipts",
        ["group_id", "order_id", "token"],
        unique=True,
        postgresql_where=sa.text("token <> ''"),
    )
    op.create_table(
        "receipt_photos",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("receipt_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id", "receipt_id"],
            ["receipts.group_id", "receipts.id"],
            name=op.f("fk_receipt_photos_group_id_receipt_id_receipts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "file_id"],
            ["files.group_id", "files.id"],
            name=op.f("fk_receipt_photos_group_id_file_id_files"),
        ),
        sa.PrimaryKeyConstraint("group_id", "receipt_id", "file_id", name=op.f("pk_receipt_photos")),
    )
    op.create_index(op.f("ix_receipt_photos_group_id_file_id"), "receipt_photos", ["group_id", "file_id"])
    op.execute("ALTER TABLE receipt_photos ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON receipt_photos "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
