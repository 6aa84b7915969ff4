"""Offers to staff: their terms, what an agent pays, how many bought."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_purchases_kind_known"), "purchases", type_="check")
    op.create_check_constraint(
        op.f("ck_purchases_kind_known"), "purchases", sa.text("kind IN ('goods', 'service', 'staff_offer')")
    )
    op.create_table(
        "offers",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("conditions", sa.String(), nullable=False),
        sa.Column("claiming", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("scheduled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_offers_ends_after_start")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_offers_counts_from_one")),
        _in_group("offers"),
        _within("offers", "purchase_id", "purchases"),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", name=op.f("pk_offers")),
    )
    op.create_table(
        "offer_prices",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_offer_prices_not_negative")),
        _in_group("offer_prices"),
        _within("offer_prices", "item_id", "items", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "item_id", name=op.f("pk_offer_prices")),
    )
    op.create_table(
        "uptakes",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("bought", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("told_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("bought >= 0", name=op.f("ck_uptakes_not_negative")),
        _in_group("uptakes"),
        _within("uptakes", "purchase_id", "purchases"),
        _within("uptakes", "member_id", "members"),
        _within("uptakes", "item_id", "items"),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", "member_id", "item_id", name=op.f("pk_uptakes")),
    )
    op.create_index(op.f("ix_uptakes_group_id_item_id"), "uptakes", ["group_id", "item_id"])
    op.create_index(op.f("ix_uptakes_group_id_member_id"), "uptakes", ["group_id", "member_id"])
    for table in ("offers", "offer_prices", "uptakes"):
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
