"""Needs and assignments lean on their declaration and their consolidation for the group that both are in: one key less
to check for each of hundreds of thousands of rows.
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("fk_needs_group_id_groups", "needs", type_="foreignkey")
    op.drop_constraint("fk_assignments_group_id_groups", "assignments", type_="foreignkey")
