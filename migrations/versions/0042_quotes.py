"""Suppliers' quotes, and which of them an award goes by."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quotes",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("lot", sa.Integer(), nullable=True),
        sa.Column("delivery_cents", sa.BigInteger(), nullable=False),
        sa.Column("delivery_vat_rate", sa.Numeric(5, 2), nullable=False),
        sa.Column("delivery_days", sa.Integer(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("written_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("lot BETWEEN 1 AND 99", name=op.f("ck_quotes_lot_is_short")),
        sa.CheckConstraint("delivery_cents >= 0 AND delivery_days >= 0", name=op.f("ck_quotes_not_negative")),
        sa.CheckConstraint("delivery_vat_rate BETWEEN 0 AND 100", name=op.f("ck_quotes_vat_rate_is_percent")),
        _in_group("quotes"),
        _within("quotes", "purchase_id", "purchases"),
        _within("quotes", "supplier_id", "suppliers"),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_quotes")),
        sa.UniqueConstraint(
            *("group_id", "purchase_id", "supplier_id", "lot"),
            name=op.f("uq_quotes_group_id_purchase_id_supplier_id_lot"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_quotes_group_id_supplier_id_id"), "quotes", ["group_id", "supplier_id", "id"])
    op.create_table(
        "quote_lines",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("quote_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.Numeric(14, 4), nullable=False),
        sa.Column("pack", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("minimum_cents", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_quote_lines_price_not_negative")),
        sa.CheckConstraint(
            "pack >= 1 AND minimum >= 0 AND minimum_cents >= 0", name=op.f("ck_quote_lines_pack_and_minimum")
        ),
        _in_group("quote_lines"),
        _within("quote_lines", "quote_id", "quotes", ondelete="CASCADE"),
        _within("quote_lines", "item_id", "items"),
        sa.PrimaryKeyConstraint("group_id", "quote_id", "item_id", name=op.f("pk_quote_lines")),
    )
    op.create_table(
        "quote_tiers",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("quote_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("from_quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Numeric(14, 4), nullable=False),
        sa.CheckConstraint("from_quantity >= 1 AND unit_price >= 0", name=op.f("ck_quote_tiers_quantity_and_price")),
        _in_group("quote_tiers"),
        sa.ForeignKeyConstraint(
            ["group_id", "quote_id", "item_id"],
            ["quote_lines.group_id", "quote_lines.quote_id", "quote_lines.item_id"],
            name=op.f("fk_quote_tiers_group_id_quote_id_item_id_quote_lines"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "quote_id", "item_id", "from_quantity", name=op.f("pk_quote_tiers")),
    )
    op.create_table(
        "quote_files",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("quote_id", sa.BigInteger(), nullable=False),
        _in_group("quote_files"),
        _within("quote_files", "quote_id", "quotes"),
        _within("quote_files", "file_id", "files"),
        sa.PrimaryKeyConstraint("group_id", "file_id", name=op.f("pk_quote_files")),
    )
    op.create_index(op.f("ix_quote_files_group_id_quote_id"), "quote_files", ["group_id", "quote_id"])
    op.add_column("awards", sa.Column("quote_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_awards_group_id_quote_id_quotes"),
        "awards",
        "quotes",
        ["group_id", "quote_id"],
        ["group_id", "id"],
    )
    for table in ("quotes", "quote_lines", "quote_tiers", "quote_files"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )


def _in_group(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f(f"fk_{table}_group_id_groups"))


def _within(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["group_id", column],
        [f"{target}.group_id", f"{target}.id"],
        name=op.f(f"fk_{table}_group_id_{column}_{target}"),
        ondelete=ondelete,
    )
