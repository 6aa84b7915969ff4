"""Charges that are a percent of what items come to."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("charges", sa.Column("percent", sa.Numeric(9, 6), nullable=True))
    op.alter_column("charges", "amount_cents", nullable=True)
    op.create_check_constraint(
        op.f("ck_charges_amount_or_percent"), "charges", "(amount_cents IS NULL) <> (percent IS NULL)"
    )
