"""What a member says of a line it needs: a note, the budget that it is charged on, the number of its engagement."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "need_details",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("declaration_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("budget_id", sa.BigInteger(), nullable=True),
        sa.Column("engagement", sa.String(), nullable=False),
        sa.CheckConstraint(
            "note <> '' OR budget_id IS NOT NULL OR engagement <> ''", name=op.f("ck_need_details_says_something")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_need_details_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "declaration_id"],
            ["declarations.group_id", "declarations.id"],
            name=op.f("fk_need_details_group_id_declaration_id_declarations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "item_id"], ["items.group_id", "items.id"], name=op.f("fk_need_details_group_id_item_id_items")
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "budget_id"],
            ["budgets.group_id", "budgets.id"],
            name=op.f("fk_need_details_group_id_budget_id_budgets"),
        ),
        sa.PrimaryKeyConstraint("group_id", "declaration_id", "item_id", name=op.f("pk_need_details")),
    )
    op.execute("ALTER TABLE need_details ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON need_details "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
    for table, empty in (("consolidations", "{}"), ("allocations", "[]")):
        op.add_column(
            table,
            sa.Column(
                "details",
                postgresql.JSONB(astext_type=sa.Text()),
                nullable=False,
                server_default=sa.text(f"'{empty}'::jsonb"),
            ),
        )
        op.alter_column(table, "details", server_default=None)
