"""What is said of contracts for their essential data."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contract_data",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("lot", sa.Integer(), nullable=False),
        sa.Column("notified_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("worth_cents", sa.BigInteger(), nullable=False),
        sa.Column("described_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("said", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("lot BETWEEN 0 AND 99", name=op.f("ck_contract_data_lot_is_short")),
        sa.CheckConstraint("amount_cents >= 0 AND worth_cents >= 0", name=op.f("ck_contract_data_not_negative")),
        sa.CheckConstraint(
            "published_on IS NULL OR published_on >= notified_on",
            name=op.f("ck_contract_data_published_once_notified"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_contract_data_group_id_groups")),
        *(
            sa.ForeignKeyConstraint(
                ["group_id", column],
                [f"{table}.group_id", f"{table}.id"],
                name=op.f(f"fk_contract_data_group_id_{column}_{table}"),
            )
            for column, table in (("purchase_id", "purchases"), ("supplier_id", "suppliers"))
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_contract_data")),
        sa.UniqueConstraint(
            "group_id",
            "purchase_id",
            "supplier_id",
            "lot",
            name=op.f("uq_contract_data_group_id_purchase_id_supplier_id_lot"),
        ),
    )
    op.create_index(op.f("ix_contract_data_group_id_supplier_id"), "contract_data", ["group_id", "supplier_id"])
    op.execute("ALTER TABLE contract_data ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON contract_data "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
