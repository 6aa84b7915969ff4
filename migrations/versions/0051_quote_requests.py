"""Suppliers are asked for their quotes until a date, and answer behind a mailed key."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quotes", sa.Column("sealed_until", sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_table(
        "consultations",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("offers_until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("reminded_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("opened_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("opened_at >= offers_until", name=op.f("ck_consultations_opened_after_date")),
        _in_group("consultations"),
        _within("consultations", "purchase_id", "purchases"),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", name=op.f("pk_consultations")),
    )
    op.create_table(
        "quote_requests",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("lot", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("lot BETWEEN 1 AND 99", name=op.f("ck_quote_requests_lot_is_short")),
        _in_group("quote_requests"),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["consultations.group_id", "consultations.purchase_id"],
            name=op.f("fk_quote_requests_group_id_purchase_id_consultations"),
        ),
        _within("quote_requests", "supplier_id", "suppliers"),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_quote_requests")),
        sa.UniqueConstraint(
            *("group_id", "purchase_id", "supplier_id", "lot"),
            name=op.f("uq_quote_requests_group_id_purchase_id_supplier_id_lot"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_quote_requests_group_id_supplier_id"), "quote_requests", ["group_id", "supplier_id"])
    op.create_table(
        "quote_keys",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        _in_group("quote_keys"),
        _within("quote_keys", "request_id", "quote_requests"),
        sa.PrimaryKeyConstraint("group_id", "token_hash", name=op.f("pk_quote_keys")),
    )
    op.create_index(op.f("ix_quote_keys_group_id_request_id"), "quote_keys", ["group_id", "request_id"])
    for table in ("consultations", "quote_requests", "quote_keys"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )


def _in_group(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f(f"fk_{table}_group_id_groups"))


def _within(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["group_id", column],
        [f"{target}.group_id", f"{target}.id"],
        name=op.f(f"fk_{table}_group_id_{column}_{target}"),
    )
