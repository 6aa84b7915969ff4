"""What suppliers invoice beside items stands on their orders."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_charges",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("vat_rate", sa.Numeric(5, 2), nullable=False),
        sa.CheckConstraint("vat_rate BETWEEN 0 AND 100", name=op.f("ck_order_charges_vat_rate_is_percent")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_order_charges_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "order_id"],
            ["orders.group_id", "orders.id"],
            name=op.f("fk_order_charges_group_id_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "order_id", "code", name=op.f("pk_order_charges")),
    )
    op.create_table(
        "charge_suppliers",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("charge_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_charge_suppliers_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "charge_id"],
            ["charges.group_id", "charges.id"],
            name=op.f("fk_charge_suppliers_group_id_charge_id_charges"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "supplier_id"],
            ["suppliers.group_id", "suppliers.id"],
            name=op.f("fk_charge_suppliers_group_id_supplier_id_suppliers"),
        ),
        sa.PrimaryKeyConstraint("group_id", "charge_id", name=op.f("pk_charge_suppliers")),
    )
    op.create_index(op.f("ix_charge_suppliers_group_id_supplier_id"), "charge_suppliers", ["group_id", "supplier_id"])
    for table in ("order_charges", "charge_suppliers"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
