"""A frozen allocation says why it follows the one before, and who owes whom."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

# Where each member pays suppliers what it gets: by its mandate, or by the orders that left in its name.
EXECUTING = """
CREATE VIEW executing WITH (security_invoker = true) AS
SELECT group_id, purchase_id FROM procurement_plans WHERE mandate IN ('procedure_only', 'sign_and_notify')
UNION
SELECT group_id, purchase_id FROM orders WHERE member_id IS NOT NULL AND state IN ('sent', 'confirmed')"""


def upgrade() -> None:
    op.add_column("allocations", sa.Column("cause", sa.String(), nullable=False, server_default=""))
    op.add_column("allocations", sa.Column("reason", sa.String(), nullable=False, server_default=""))
    op.alter_column("allocations", "cause", server_default=None)
    op.alter_column("allocations", "reason", server_default=None)
    op.create_check_constraint(
        op.f("ck_allocations_cause_known"),
        "allocations",
        "cause IN ('', 'invoice', 'credit_note', 'amendment', 'costs', 'other')",
    )
    op.create_table(
        "allocation_debts",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("allocation_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("debtor", "creditor", "what")),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "cents <> 0 AND debtor <> creditor", name=op.f("ck_allocation_debts_owes_somebody_something")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_allocation_debts_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "allocation_id"],
            ["allocations.group_id", "allocations.id"],
            name=op.f("fk_allocation_debts_group_id_allocation_id_allocations"),
        ),
        sa.PrimaryKeyConstraint(
            "group_id", "allocation_id", "debtor", "creditor", "what", name=op.f("pk_allocation_debts")
        ),
    )
    op.execute("ALTER TABLE allocation_debts ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON allocation_debts "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
    op.execute(EXECUTING)
    # Of what was frozen before: all was owed to whoever leads, or to suppliers where each member pays them.
    op.execute("""
        INSERT INTO allocation_debts (group_id, allocation_id, debtor, creditor, what, cents)
        SELECT s.group_id, s.allocation_id, s.member, CASE WHEN e.group_id IS NULL THEN m.code ELSE '' END, '',
            s.ht + s.vat
        FROM allocation_shares s
        JOIN allocations a ON a.group_id = s.group_id AND a.id = s.allocation_id
        JOIN purchases p ON p.group_id = a.group_id AND p.id = a.purchase_id
        JOIN members m ON m.group_id = p.group_id AND m.id = p.lead_member_id
        LEFT JOIN executing e ON e.group_id = p.group_id AND e.purchase_id = p.id
        WHERE s.ht + s.vat <> 0 AND (e.group_id IS NOT NULL OR s.member <> m.code)""")
    op.execute("""
        INSERT INTO allocation_debts (group_id, allocation_id, debtor, creditor, what, cents)
        SELECT a.group_id, a.id, m.code, '', '', sum(s.ht + s.vat)
        FROM allocations a
        JOIN allocation_shares s ON s.group_id = a.group_id AND s.allocation_id = a.id
        JOIN purchases p ON p.group_id = a.group_id AND p.id = a.purchase_id
        JOIN members m ON m.group_id = p.group_id AND m.id = p.lead_member_id
        WHERE NOT EXISTS (SELECT FROM executing e WHERE e.group_id = p.group_id AND e.purchase_id = p.id)
        GROUP BY a.group_id, a.id, m.code HAVING sum(s.ht + s.vat) <> 0""")
