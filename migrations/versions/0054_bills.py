"""Suppliers' invoices as they are read: whose, from which file, what is doubtful, which one stands for another."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0054"
down_revision = "0053"

_KEYS = (("member_id", "members"), ("file_id", "files"), ("replaced_by_id", "bills"))


def upgrade() -> None:
    op.alter_column("bills", "supplier_id", nullable=True)
    op.alter_column("bills", "issued_on", nullable=True)
    op.drop_constraint(op.f("uq_bills_group_id_supplier_id_number"), "bills", type_="unique")
    op.drop_constraint(op.f("ck_bills_has_number"), "bills", type_="check")
    for name, _ in _KEYS:
        op.add_column("bills", sa.Column(name, sa.BigInteger(), nullable=True))
    empty = sa.text("'[]'")
    for column in (
        sa.Column("same_as", sa.String(), nullable=False, server_default=""),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("currency", sa.String(), nullable=False, server_default="EUR"),
        sa.Column("due_cents", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("credited", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default=empty),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default=empty),
    ):
        op.add_column("bills", column)
    # No page wrote a bill before: those that a program may have written keep to themselves.
    op.execute("UPDATE bills SET same_as = 'row/' || id, due_cents = ttc_cents - prepaid_cents")
    for name in ("same_as", "version", "currency", "due_cents", "credited", "findings"):
        op.alter_column("bills", name, server_default=None)
    op.create_unique_constraint(op.f("uq_bills_group_id_same_as"), "bills", ["group_id", "same_as"])
    op.create_check_constraint(
        op.f("ck_bills_accepted_has_supplier"), "bills", "supplier_id IS NOT NULL OR state <> 'accepted'"
    )
    op.create_check_constraint(op.f("ck_bills_accepted_in_euros"), "bills", "currency = 'EUR' OR state <> 'accepted'")
    op.create_check_constraint(op.f("ck_bills_counts_from_one"), "bills", "version >= 1")
    for name, table in _KEYS:
        op.create_foreign_key(
            op.f(f"fk_bills_group_id_{name}_{table}"), "bills", table, ["group_id", name], ["group_id", "id"]
        )
    op.create_index(op.f("ix_bills_group_id_member_id"), "bills", ["group_id", "member_id"])
    op.create_index(op.f("ix_bills_group_id_file_id"), "bills", ["group_id", "file_id"])
    op.create_index(op.f("ix_bills_group_id_replaced_by_id"), "bills", ["group_id", "replaced_by_id"])
    op.add_column("bill_lines", sa.Column("order_line", sa.String(), nullable=False, server_default=""))
    op.add_column("bill_lines", sa.Column("units", sa.Numeric(20, 6), nullable=False, server_default="0"))
    op.execute("UPDATE bill_lines SET units = quantity")
    for name in ("order_line", "units"):
        op.alter_column("bill_lines", name, server_default=None)
    op.alter_column("bill_lines", "quantity", type_=sa.Numeric(20, 6))
    op.alter_column("bill_lines", "unit_price", type_=sa.Numeric(20, 8))
