"""Features declare what agendas take up: the words are no longer written into a constraint."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_agenda_items_topic_known"), "agenda_items", type_="check")
    op.create_check_constraint(op.f("ck_agenda_items_topic_is_a_name"), "agenda_items", sa.text("topic ~ '^[a-z_]+$'"))
