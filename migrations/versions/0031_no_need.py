"""« Nous n’avons pas de besoin » is an answer of its own, kept with the declaration that says it."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("declarations", sa.Column("no_need", sa.Boolean(), nullable=False, server_default=sa.false()))
    # A declaration that was filed with nothing in it said so, until now.
    op.execute(
        "UPDATE declarations d SET no_need = true WHERE d.state = 'filed' AND NOT EXISTS ("
        "SELECT FROM needs n WHERE n.group_id = d.group_id AND n.declaration_id = d.id AND n.up_to > 0)"
    )
    op.create_check_constraint(
        op.f("ck_declarations_no_need_is_filed"), "declarations", "state = 'filed' OR NOT no_need"
    )
