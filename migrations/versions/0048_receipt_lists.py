"""Delivered quantities from a file: read line by line, looked at, kept as receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

TABLES = ("receipt_lists", "receipt_list_lines")


def upgrade() -> None:
    op.create_table(
        "receipt_lists",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sent_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sent_by", sa.BigInteger(), nullable=True),
        sa.Column("kept_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'kept') = (kept_at IS NOT NULL)", name=op.f("ck_receipt_lists_kept_has_date")),
        sa.CheckConstraint(
            "state IN ('reading', 'read', 'keeping', 'kept', 'dropped')", name=op.f("ck_receipt_lists_state_known")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_receipt_lists_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_receipt_lists_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "file_id"],
            ["files.group_id", "files.id"],
            name=op.f("fk_receipt_lists_group_id_file_id_files"),
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_receipt_lists")),
    )
    op.create_index(
        "uq_receipt_lists_content",
        "receipt_lists",
        ["group_id", "purchase_id", "sha256"],
        unique=True,
        postgresql_where=sa.text("state <> 'dropped'"),
    )
    op.create_table(
        "receipt_list_lines",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("order_line_id", sa.BigInteger(), nullable=True),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("delivery_note", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(order_line_id IS NULL) = (order_id IS NULL)", name=op.f("ck_receipt_list_lines_line_of_order")
        ),
        sa.CheckConstraint(
            "problem <> '' OR order_line_id IS NOT NULL", name=op.f("ck_receipt_list_lines_good_has_line")
        ),
        sa.CheckConstraint(
            "problem <> '' OR accepted + refused > 0", name=op.f("ck_receipt_list_lines_good_has_units")
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "list_id"],
            ["receipt_lists.group_id", "receipt_lists.id"],
            name=op.f("fk_receipt_list_lines_group_id_list_id_receipt_lists"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "list_id", "number", name=op.f("pk_receipt_list_lines")),
    )
    op.create_index(
        op.f("ix_receipt_list_lines_group_id_list_id_order_line_id"),
        "receipt_list_lines",
        ["group_id", "list_id", "order_line_id"],
    )
    op.add_column("receipts", sa.Column("list_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_receipts_group_id_list_id_receipt_lists"),
        *("receipts", "receipt_lists"),
        ["group_id", "list_id"],
        ["group_id", "id"],
    )
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
