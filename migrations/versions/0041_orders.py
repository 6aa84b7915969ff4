"""Awards, orders, receipts, suppliers' invoices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

TABLES = (
    "advances",
    "awards",
    "bill_lines",
    "bill_rates",
    "bills",
    "order_items",
    "order_lines",
    "order_versions",
    "orders",
    "receipt_lines",
    "receipts",
)


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("supplier_reference", sa.String(), nullable=False),
        sa.Column("over_percent", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("under_percent", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sent_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("completed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("completed_because", sa.String(), nullable=False),
        sa.Column("cancelled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_because", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f("ck_orders_cancelled_has_date")
        ),
        sa.CheckConstraint(
            "reference ~ '^[A-Za-z0-9][A-Za-z0-9/_.-]{0,34}$'", name=op.f("ck_orders_reference_comes_back")
        ),
        sa.CheckConstraint("state IN ('draft', 'sent', 'confirmed', 'cancelled')", name=op.f("ck_orders_state_known")),
        sa.CheckConstraint(
            "state NOT IN ('sent', 'confirmed') OR sent_at IS NOT NULL", name=op.f("ck_orders_sent_has_date")
        ),
        sa.CheckConstraint("number >= 1 AND version >= 1", name=op.f("ck_orders_counts_from_one")),
        sa.CheckConstraint(
            "over_percent BETWEEN 0 AND 100 AND under_percent BETWEEN 0 AND 100", name=op.f("ck_orders_tolerances")
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_orders_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_orders_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "supplier_id"],
            ["suppliers.group_id", "suppliers.id"],
            name=op.f("fk_orders_group_id_supplier_id_suppliers"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_orders_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_orders")),
        sa.UniqueConstraint("group_id", "purchase_id", "number", name=op.f("uq_orders_group_id_purchase_id_number")),
        sa.UniqueConstraint("group_id", "reference", name=op.f("uq_orders_group_id_reference")),
    )
    op.create_index(op.f("ix_orders_group_id_member_id"), "orders", ["group_id", "member_id"])
    op.create_index(op.f("ix_orders_group_id_supplier_id"), "orders", ["group_id", "supplier_id"])
    op.create_table(
        "advances",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("cents > 0", name=op.f("ck_advances_positive")),
        sa.ForeignKeyConstraint(
            ["group_id", "order_id"],
            ["orders.group_id", "orders.id"],
            name=op.f("fk_advances_group_id_order_id_orders"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_advances_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_advances")),
    )
    op.create_index(op.f("ix_advances_group_id_order_id"), "advances", ["group_id", "order_id"])
    op.create_table(
        "bills",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("order_reference", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ht_cents", sa.BigInteger(), nullable=False),
        sa.Column("vat_cents", sa.BigInteger(), nullable=False),
        sa.Column("ttc_cents", sa.BigInteger(), nullable=False),
        sa.Column("prepaid_cents", sa.BigInteger(), nullable=False),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('accepted', 'rejected')) = (decided_at IS NOT NULL)", name=op.f("ck_bills_decided_has_date")
        ),
        sa.CheckConstraint(
            "kind IN ('invoice', 'credit_note', 'corrected', 'prepayment')", name=op.f("ck_bills_kind_known")
        ),
        sa.CheckConstraint("number <> ''", name=op.f("ck_bills_has_number")),
        sa.CheckConstraint(
            "state IN ('to_check', 'disputed', 'accepted', 'rejected')", name=op.f("ck_bills_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "order_id"], ["orders.group_id", "orders.id"], name=op.f("fk_bills_group_id_order_id_orders")
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_bills_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "supplier_id"],
            ["suppliers.group_id", "suppliers.id"],
            name=op.f("fk_bills_group_id_supplier_id_suppliers"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_bills_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_bills")),
        sa.UniqueConstraint("group_id", "supplier_id", "number", name=op.f("uq_bills_group_id_supplier_id_number")),
    )
    op.create_index(op.f("ix_bills_group_id_order_id"), "bills", ["group_id", "order_id"])
    op.create_index(op.f("ix_bills_group_id_purchase_id"), "bills", ["group_id", "purchase_id"])
    op.create_table(
        "order_versions",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("sent_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sent_by", sa.BigInteger(), nullable=True),
        sa.Column("sent_how", sa.String(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_order_versions_counts_from_one")),
        sa.ForeignKeyConstraint(
            ["group_id", "order_id"],
            ["orders.group_id", "orders.id"],
            name=op.f("fk_order_versions_group_id_order_id_orders"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_order_versions_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "order_id", "number", name=op.f("pk_order_versions")),
    )
    op.create_table(
        "receipts",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("delivery_note", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id", "order_id"],
            ["orders.group_id", "orders.id"],
            name=op.f("fk_receipts_group_id_order_id_orders"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_receipts_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_group_id_order_id_id"), "receipts", ["group_id", "order_id", "id"])
    op.create_table(
        "awards",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("chosen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("chosen_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id", "item_id"],
            ["items.group_id", "items.id"],
            name=op.f("fk_awards_group_id_item_id_items"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_awards_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "supplier_id"],
            ["suppliers.group_id", "suppliers.id"],
            name=op.f("fk_awards_group_id_supplier_id_suppliers"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_awards_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", "item_id", name=op.f("pk_awards")),
    )
    op.create_index(op.f("ix_awards_group_id_supplier_id"), "awards", ["group_id", "supplier_id"])
    op.create_table(
        "bill_rates",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("bill_id", sa.BigInteger(), nullable=False),
        sa.Column("vat_rate", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("base_cents", sa.BigInteger(), nullable=False),
        sa.Column("vat_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("vat_rate BETWEEN 0 AND 100", name=op.f("ck_bill_rates_vat_rate_is_percent")),
        sa.ForeignKeyConstraint(
            ["group_id", "bill_id"],
            ["bills.group_id", "bills.id"],
            name=op.f("fk_bill_rates_group_id_bill_id_bills"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "bill_id", "vat_rate", name=op.f("pk_bill_rates")),
    )
    op.create_table(
        "order_items",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("supplier_code", sa.String(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("vat_rate", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_order_items_price_not_negative")),
        sa.CheckConstraint("vat_rate BETWEEN 0 AND 100", name=op.f("ck_order_items_vat_rate_is_percent")),
        sa.ForeignKeyConstraint(
            ["group_id", "item_id"], ["items.group_id", "items.id"], name=op.f("fk_order_items_group_id_item_id_items")
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "order_id"],
            ["orders.group_id", "orders.id"],
            name=op.f("fk_order_items_group_id_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "order_id", "item_id", name=op.f("pk_order_items")),
    )
    op.create_table(
        "bill_lines",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("bill_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("supplier_code", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("net_cents", sa.BigInteger(), nullable=False),
        sa.Column("vat_rate", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(order_id IS NULL) = (item_id IS NULL)", name=op.f("ck_bill_lines_matched_whole")),
        sa.CheckConstraint("vat_rate BETWEEN 0 AND 100", name=op.f("ck_bill_lines_vat_rate_is_percent")),
        sa.ForeignKeyConstraint(
            ["group_id", "bill_id"],
            ["bills.group_id", "bills.id"],
            name=op.f("fk_bill_lines_group_id_bill_id_bills"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "order_id", "item_id"],
            ["order_items.group_id", "order_items.order_id", "order_items.item_id"],
            name=op.f("fk_bill_lines_group_id_order_id_item_id_order_items"),
        ),
        sa.PrimaryKeyConstraint("group_id", "bill_id", "position", name=op.f("pk_bill_lines")),
    )
    op.create_index(op.f("ix_bill_lines_group_id_order_id_item_id"), "bill_lines", ["group_id", "order_id", "item_id"])
    op.create_table(
        "order_lines",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("engagement", sa.String(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_order_lines_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_order_lines_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "order_id", "item_id"],
            ["order_items.group_id", "order_items.order_id", "order_items.item_id"],
            name=op.f("fk_order_lines_group_id_order_id_item_id_order_items"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "site_id"], ["sites.group_id", "sites.id"], name=op.f("fk_order_lines_group_id_site_id_sites")
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint(
            "group_id",
            "order_id",
            "item_id",
            "member_id",
            "site_id",
            name=op.f("uq_order_lines_group_id_order_id_item_id_member_id_site_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_order_lines_group_id_member_id"), "order_lines", ["group_id", "member_id"])
    op.create_index(op.f("ix_order_lines_group_id_site_id"), "order_lines", ["group_id", "site_id"])
    op.create_table(
        "receipt_lines",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("receipt_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("(refused > 0) = (reason <> '')", name=op.f("ck_receipt_lines_refused_says_why")),
        sa.CheckConstraint(
            "accepted >= 0 AND refused >= 0 AND accepted + refused > 0", name=op.f("ck_receipt_lines_something_arrived")
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "order_line_id"],
            ["order_lines.group_id", "order_lines.id"],
            name=op.f("fk_receipt_lines_group_id_order_line_id_order_lines"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "receipt_id"],
            ["receipts.group_id", "receipts.id"],
            name=op.f("fk_receipt_lines_group_id_receipt_id_receipts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "receipt_id", "order_line_id", name=op.f("pk_receipt_lines")),
    )
    op.create_index(op.f("ix_receipt_lines_group_id_order_line_id"), "receipt_lines", ["group_id", "order_line_id"])
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
