"""What is owed to suppliers is owed to each of them."""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None

# Who sells which item, and invoices which charge, of a purchase.
SUPPLYING = """
CREATE VIEW supplying WITH (security_invoker = true) AS
SELECT a.group_id, a.purchase_id, 'item' AS kind, i.code, a.supplier_id
FROM awards a JOIN items i ON i.group_id = a.group_id AND i.id = a.item_id
UNION ALL
SELECT c.group_id, c.purchase_id, 'charge', c.code, COALESCE(q.supplier_id, s.supplier_id)
FROM charges c
LEFT JOIN quotes q ON q.group_id = c.group_id AND q.purchase_id = c.purchase_id AND q.charge_code = c.code
LEFT JOIN charge_suppliers s ON s.group_id = c.group_id AND s.charge_id = c.id
WHERE COALESCE(q.supplier_id, s.supplier_id) IS NOT NULL AND c.paid_by IS NULL"""

# What each asks for by accepted bills that count: of a member, or (NULL) of the lead for everybody.
INVOICING = """
CREATE VIEW invoicing WITH (security_invoker = true) AS
SELECT b.group_id, b.purchase_id, b.member_id, b.supplier_id,
    sum((r.base_cents + r.vat_cents) * CASE WHEN b.kind = 'credit_note' THEN -1 ELSE 1 END)::bigint AS cents
FROM bills b JOIN bill_rates r ON r.group_id = b.group_id AND r.bill_id = b.id
WHERE b.state = 'accepted' AND b.kind <> 'prepayment' AND b.replaced_by_id IS NULL
GROUP BY b.group_id, b.purchase_id, b.member_id, b.supplier_id"""


def upgrade() -> None:
    op.add_column("allocation_debts", sa.Column("supplier", sa.BigInteger(), nullable=False, server_default="0"))
    op.alter_column("allocation_debts", "supplier", server_default=None)
    op.drop_constraint(op.f("pk_allocation_debts"), "allocation_debts")
    op.create_primary_key(
        op.f("pk_allocation_debts"),
        "allocation_debts",
        ["group_id", "allocation_id", "debtor", "creditor", "what", "supplier"],
    )
    op.create_check_constraint(
        op.f("ck_allocation_debts_suppliers_are_no_members"),
        "allocation_debts",
        "supplier = 0 OR (creditor = '' AND supplier > 0)",
    )
    op.execute(SUPPLYING)
    op.execute(INVOICING)
