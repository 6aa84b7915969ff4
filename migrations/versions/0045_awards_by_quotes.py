"""Awards by quotes: since when items are sold otherwise, which charge a delivery is."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("purchases", sa.Column("repriced_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("quotes", sa.Column("charge_code", sa.String(), nullable=False, server_default=""))
    op.alter_column("quotes", "charge_code", server_default=None)
