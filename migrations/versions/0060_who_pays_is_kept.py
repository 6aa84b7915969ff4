"""A frozen allocation keeps who each member was where it pays: SIREN, SIRET, service, address."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("allocation_shares", sa.Column("payer", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
