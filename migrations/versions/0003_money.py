"""Subsidies, scopes of charges, own weights; how a consolidation was chosen and why it was amended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subsidies",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("cap_per_unit_cents", sa.BigInteger(), nullable=True),
        sa.Column("cap_total_cents", sa.BigInteger(), nullable=True),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("charges", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("members", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(rate IS NULL) <> (amount_cents IS NULL)", name=op.f("ck_subsidies_rate_or_amount")),
        sa.CheckConstraint(
            "amount_cents >= 0 AND cap_per_unit_cents >= 0 AND cap_total_cents >= 0",
            name=op.f("ck_subsidies_not_negative"),
        ),
        sa.CheckConstraint("rate BETWEEN 0 AND 100", name=op.f("ck_subsidies_rate_is_percent")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_subsidies_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_subsidies_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_subsidies")),
        sa.UniqueConstraint("group_id", "purchase_id", "code", name=op.f("uq_subsidies_group_id_purchase_id_code")),
    )
    op.add_column("charges", sa.Column("scope", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column(
        "consolidations",
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("consolidations", sa.Column("reason", sa.String(), server_default="", nullable=False))
    op.add_column("participations", sa.Column("weight", sa.Numeric(precision=18, scale=6), nullable=True))
    op.execute("ALTER TABLE subsidies ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON subsidies "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
