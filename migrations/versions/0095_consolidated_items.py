"""An assignment has one key to the item of its consolidation, in the place of one to either."""

import sqlalchemy as sa
from alembic import op

revision = "0095"
down_revision = "0094"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consolidated_items",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("consolidation_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id", "consolidation_id"],
            ["consolidations.group_id", "consolidations.id"],
            name=op.f("fk_consolidated_items_group_id_consolidation_id_consolidations"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "item_id"],
            ["items.group_id", "items.id"],
            name=op.f("fk_consolidated_items_group_id_item_id_items"),
        ),
        sa.PrimaryKeyConstraint("group_id", "consolidation_id", "item_id", name=op.f("pk_consolidated_items")),
    )
    op.execute(
        "INSERT INTO consolidated_items (group_id, consolidation_id, item_id) "
        "SELECT DISTINCT group_id, consolidation_id, item_id FROM assignments"
    )
    op.execute("ALTER TABLE consolidated_items ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON consolidated_items "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
    op.drop_constraint(op.f("fk_assignments_group_id_consolidation_id_consolidations"), "assignments")
    op.drop_constraint(op.f("fk_assignments_group_id_item_id_items"), "assignments")
    op.create_foreign_key(
        "fk_assignments_consolidated_items",
        "assignments",
        "consolidated_items",
        ["group_id", "consolidation_id", "item_id"],
        ["group_id", "consolidation_id", "item_id"],
    )
