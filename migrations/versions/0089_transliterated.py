"""How many values of a file that the worker wrote its encoding could not hold as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exports", sa.Column("transliterated", sa.Integer(), nullable=True))
    op.create_check_constraint(op.f("ck_exports_transliterated_not_negative"), "exports", "transliterated >= 0")
