"""How clean the vehicles are that a purchase is about."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item_details", sa.Column("emission", sa.String(), nullable=False, server_default=""))
    op.create_check_constraint(
        op.f("ck_item_details_emission_known"), "item_details", "emission IN ('', 'very_low', 'low', 'other')"
    )
