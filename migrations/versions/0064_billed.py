"""Shares may be tied to what accepted bills ask for, which a view tells; a charge may be on none of them."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

# Of accepted bills that count: by who is asked to pay (NULL: the lead, for everybody) and by rate.
BILLED = """
CREATE VIEW billed WITH (security_invoker = true) AS
SELECT c.group_id, c.purchase_id, c.member_id, r.vat_rate,
    sum(r.base_cents * s.sign)::bigint AS ht, sum(r.vat_cents * s.sign)::bigint AS vat,
    sum((SELECT count(*) FROM bill_lines l
        WHERE l.group_id = c.group_id AND l.bill_id = c.id AND l.vat_rate = r.vat_rate))::bigint AS lines
FROM bills c
JOIN bill_rates r ON r.group_id = c.group_id AND r.bill_id = c.id
CROSS JOIN LATERAL (SELECT CASE WHEN c.kind = 'credit_note' THEN -1 ELSE 1 END AS sign) s
WHERE c.state = 'accepted' AND c.kind <> 'prepayment' AND c.replaced_by_id IS NULL
GROUP BY c.group_id, c.purchase_id, c.member_id, r.vat_rate"""

# As 0021 tells of the others: the purchases whose case the rows of `moved` are read for.
PURCHASES_OF = {
    "bills": "SELECT group_id, purchase_id FROM moved",
    "bill_rates": (
        "SELECT b.group_id, b.purchase_id FROM bills b "
        "WHERE b.state = 'accepted' AND (b.group_id, b.id) IN (SELECT group_id, bill_id FROM moved)"
    ),
    "bill_lines": (
        "SELECT b.group_id, b.purchase_id FROM bills b "
        "WHERE b.state = 'accepted' AND (b.group_id, b.id) IN (SELECT group_id, bill_id FROM moved)"
    ),
}


def upgrade() -> None:
    op.add_column("charges", sa.Column("paid_by", sa.String(), nullable=True))
    op.execute(BILLED)
    for table, purchases in PURCHASES_OF.items():
        op.execute(f"""
            CREATE FUNCTION tell_change_of_{table}() RETURNS trigger LANGUAGE plpgsql
                SET search_path = pg_catalog, public, pg_temp AS $$ BEGIN
                INSERT INTO case_changes (group_id, purchase_id)
                    SELECT DISTINCT told.group_id, told.purchase_id FROM ({purchases}) told;
                RETURN NULL;
            END $$""")
        for kind, state in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            op.execute(
                f"CREATE TRIGGER tells_{kind.lower()} AFTER {kind} ON {table} REFERENCING {state} TABLE AS moved "
                f"FOR EACH STATEMENT EXECUTE FUNCTION tell_change_of_{table}()"
            )
