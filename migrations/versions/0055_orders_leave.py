"""What orders call their buyers, the documents that left, and whom a mail's reader answers."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("reply_to", sa.String(), nullable=False, server_default=""))
    op.add_column("orders", sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("asked_by", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_orders_asked", "orders", ["group_id", "asked_at", "id"], postgresql_where=sa.text("asked_at IS NOT NULL")
    )
    for column in ("pdf_id", "workbook_id"):
        op.add_column("order_versions", sa.Column(column, sa.BigInteger(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_order_versions_group_id_{column}_files"),
            "order_versions",
            "files",
            ["group_id", column],
            ["group_id", "id"],
        )
    op.create_table(
        "order_buyers",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("siret", sa.String(), nullable=True),
        sa.Column("vat_number", sa.String(), nullable=False),
        sa.Column("service_code", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", name=op.f("ck_order_buyers_siret_written")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_order_buyers_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_order_buyers_group_id_member_id_members"),
        ),
        sa.PrimaryKeyConstraint("group_id", "member_id", name=op.f("pk_order_buyers")),
    )
    op.execute("ALTER TABLE order_buyers ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON order_buyers "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
