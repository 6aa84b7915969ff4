"""A supplier's invoice may be for several orders, and one of its lines for the units of several."""

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def _key(table: str, *columns: str, to: str, cascades: bool = False) -> sa.ForeignKeyConstraint:
    """To the columns of the same names, or to the id, in the same group."""
    there = columns if len(columns) > 1 else ("id",)
    return sa.ForeignKeyConstraint(
        ["group_id", *columns],
        [f"{to}.{name}" for name in ("group_id", *there)],
        name=op.f(f"fk_{table}_group_id_{'_'.join(columns)}_{to}"),
        ondelete="CASCADE" if cascades else None,
    )


def upgrade() -> None:
    op.create_table(
        "bill_orders",
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("group_id", "bill_id", "order_id")),
        _key("bill_orders", "bill_id", to="bills", cascades=True),
        _key("bill_orders", "order_id", to="orders"),
        sa.PrimaryKeyConstraint("group_id", "bill_id", "order_id", name=op.f("pk_bill_orders")),
    )
    op.create_index(op.f("ix_bill_orders_group_id_order_id"), "bill_orders", ["group_id", "order_id"])
    op.create_table(
        "bill_units",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("bill_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Numeric(20, 6), nullable=False),
        _key("bill_units", "bill_id", "position", to="bill_lines", cascades=True),
        _key("bill_units", "order_id", "item_id", to="order_items"),
        sa.PrimaryKeyConstraint("group_id", "bill_id", "position", "order_id", name=op.f("pk_bill_units")),
    )
    op.create_index(op.f("ix_bill_units_group_id_order_id_item_id"), "bill_units", ["group_id", "order_id", "item_id"])
    for table in ("bill_orders", "bill_units"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
    op.execute(
        "INSERT INTO bill_orders (group_id, bill_id, order_id) "
        "SELECT group_id, id, order_id FROM bills WHERE order_id IS NOT NULL"
    )
    op.execute(
        "INSERT INTO bill_units (group_id, bill_id, position, order_id, item_id, units) "
        "SELECT group_id, bill_id, position, order_id, item_id, units FROM bill_lines WHERE order_id IS NOT NULL"
    )
    op.drop_column("bills", "order_id")
    op.drop_column("bill_lines", "order_id")
    op.create_foreign_key(
        op.f("fk_bill_lines_group_id_item_id_items"), "bill_lines", "items", ["group_id", "item_id"],
        ["group_id", "id"],
    )  # fmt: skip
    op.create_index(op.f("ix_bill_lines_group_id_item_id"), "bill_lines", ["group_id", "item_id"])
    op.add_column("bill_lines", sa.Column("order_reference", sa.String(), nullable=False, server_default=""))
    op.alter_column("bill_lines", "order_reference", server_default=None)
