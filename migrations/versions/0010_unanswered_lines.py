"""A draft has a line only for what it has answered: those of zero that nobody typed go."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "DELETE FROM needs n USING declarations d WHERE d.group_id = n.group_id AND d.id = n.declaration_id "
        "AND d.state = 'draft' AND n.quantity = 0 AND n.up_to = 0"
    )
