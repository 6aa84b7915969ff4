"""The page of who pays what begins with the largest shares: everybody's were sorted to show fifty."""

import sqlalchemy as sa
from alembic import op

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, of in (("current_shares", "purchase_id"), ("allocation_shares", "allocation_id")):
        op.create_index(f"ix_{table}_largest", table, ["group_id", of, sa.text("(-(ht + vat))"), "member"])
