"""Purchases have a kind. One of charges alone was told by having no items: it says so now."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("purchases", sa.Column("kind", sa.String(), nullable=False, server_default="goods"))
    op.alter_column("purchases", "kind", server_default=None)
    # One in preparation with neither items nor charges yet may become either: goods, which is what is prepared mostly.
    op.execute(
        """
        UPDATE purchases p SET kind = 'service'
        WHERE state NOT IN ('open', 'closed')
            AND NOT EXISTS (SELECT FROM items i WHERE i.group_id = p.group_id AND i.purchase_id = p.id)
            AND EXISTS (SELECT FROM charges c WHERE c.group_id = p.group_id AND c.purchase_id = p.id)
        """
    )
    op.create_check_constraint(op.f("ck_purchases_kind_known"), "purchases", sa.text("kind IN ('goods', 'service')"))
    op.create_check_constraint(
        op.f("ck_purchases_service_collects_nothing"),
        "purchases",
        sa.text("kind <> 'service' OR state NOT IN ('open', 'closed')"),
    )
