"""Whom groups buy from."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppliers",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sort_key", sa.String(collation="C"), nullable=False),
        sa.Column("siret", sa.String(), nullable=True),
        sa.Column("vat_number", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("order_email", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("archived_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", name=op.f("ck_suppliers_siret_written")),
        sa.CheckConstraint("siret IS NOT NULL OR vat_number <> ''", name=op.f("ck_suppliers_identified")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_suppliers_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_suppliers")),
        sa.UniqueConstraint("group_id", "name", name=op.f("uq_suppliers_group_id_name")),
        sa.UniqueConstraint("group_id", "siret", name=op.f("uq_suppliers_group_id_siret")),
    )
    op.create_index(op.f("ix_suppliers_group_id_sort_key_id"), "suppliers", ["group_id", "sort_key", "id"])
    op.execute("ALTER TABLE suppliers ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON suppliers "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
