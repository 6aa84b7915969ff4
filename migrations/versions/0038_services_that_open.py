"""A service opens and closes like other purchases: its members say whether they take part."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_purchases_service_collects_nothing"), "purchases", type_="check")
    op.add_column("participations", sa.Column("takes_part", sa.Boolean(), nullable=True))
