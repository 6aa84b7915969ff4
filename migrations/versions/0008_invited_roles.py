"""Roles that stay invited to a committee, and the people who are not invited again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind in (("invited_roles", sa.String()), ("taken_off", sa.BigInteger())):
        # Committees there already keep the people they have.
        column: sa.Column[list[object]] = sa.Column(name, postgresql.ARRAY(kind), nullable=False, server_default="{}")
        op.add_column("committees", column)
        op.alter_column("committees", name, server_default=None)
