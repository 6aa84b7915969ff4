"""Of which year a member's population is, where it was taken from the directory."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("members", sa.Column("population_year", sa.Integer(), nullable=True))
