"""The current shares of a purchase are kept as rows, and whatever they are read from says when it changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
INSTANT = postgresql.TIMESTAMP(timezone=True)

# For each table, the purchases whose case the rows of `moved` are read for. A draft counts for nothing.
PURCHASES_OF = {
    "purchases": "SELECT group_id, id AS purchase_id FROM moved",
    "items": "SELECT group_id, purchase_id FROM moved",
    "participations": "SELECT group_id, purchase_id FROM moved",
    "charges": "SELECT group_id, purchase_id FROM moved",
    "subsidies": "SELECT group_id, purchase_id FROM moved",
    "consolidations": "SELECT group_id, purchase_id FROM moved",
    "collections": "SELECT group_id, purchase_id FROM moved WHERE purchase_id IS NOT NULL",
    "declarations": "SELECT group_id, purchase_id FROM moved WHERE state = 'filed'",
    "price_tiers": (
        "SELECT i.group_id, i.purchase_id FROM items i "
        "WHERE (i.group_id, i.id) IN (SELECT group_id, item_id FROM moved)"
    ),
    "needs": (
        "SELECT d.group_id, d.purchase_id FROM declarations d "
        "WHERE d.state = 'filed' AND (d.group_id, d.id) IN (SELECT group_id, declaration_id FROM moved)"
    ),
    "assignments": (
        "SELECT c.group_id, c.purchase_id FROM consolidations c "
        "WHERE (c.group_id, c.id) IN (SELECT group_id, consolidation_id FROM moved)"
    ),
    "budgets": (
        "SELECT p.group_id, p.purchase_id FROM participations p JOIN moved b "
        "ON b.group_id = p.group_id AND b.member_id = p.member_id AND b.id = p.budget_id"
    ),
    # A unit has the category of its parent; the lead member may hold a stock without taking part.
    "members": (
        "WITH touched AS (SELECT group_id, id FROM moved UNION "
        "SELECT u.group_id, u.id FROM members u JOIN moved m ON m.group_id = u.group_id AND m.id = u.parent_id) "
        "SELECT p.group_id, p.purchase_id FROM participations p "
        "WHERE (p.group_id, p.member_id) IN (SELECT group_id, id FROM touched) "
        "UNION SELECT b.group_id, b.id FROM purchases b "
        "WHERE (b.group_id, b.lead_member_id) IN (SELECT group_id, id FROM touched)"
    ),
}


def upgrade() -> None:
    op.create_table(
        "current_allocations",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("read_at", INSTANT, nullable=False),
        sa.Column("made_with", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("workbook_rows", sa.Integer(), nullable=False),
        sa.Column("stated", JSONB, nullable=True),
        sa.Column("refused", JSONB, nullable=True),
        sa.CheckConstraint(
            "(stated IS NULL) <> (refused IS NULL)", name=op.f("ck_current_allocations_stated_or_refused")
        ),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", name=op.f("pk_current_allocations")),
    )
    op.create_table(
        "current_shares",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("budget", sa.String(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("ht", "vat", "subsidies", "fctva", "net")),
        sa.Column("vat_by_rate", JSONB, nullable=False),
        sa.Column("gets_fctva", sa.Boolean(), nullable=False),
        sa.Column("lines", JSONB, nullable=False),
        sa.CheckConstraint("net = ht + vat - subsidies - fctva", name=op.f("ck_current_shares_net_ties")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["current_allocations.group_id", "current_allocations.purchase_id"],
            name=op.f("fk_current_shares_group_id_purchase_id_current_allocations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", "member", name=op.f("pk_current_shares")),
    )
    op.create_table(
        "case_changes",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "transaction",
            sa.BigInteger(),
            nullable=False,
            server_default=sa.text("CAST(CAST(pg_current_xact_id() AS text) AS bigint)"),
        ),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", "id", name=op.f("pk_case_changes")),
    )
    for table in ("current_allocations", "current_shares", "case_changes"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
    for table, purchases in PURCHASES_OF.items():
        _tell_changes(table, purchases)
    op.execute("""
        CREATE FUNCTION forget_current_shares() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, public, pg_temp AS $$ BEGIN
            DELETE FROM current_allocations c WHERE c.group_id = OLD.group_id AND c.purchase_id = OLD.id;
            DELETE FROM case_changes c WHERE c.group_id = OLD.group_id AND c.purchase_id = OLD.id;
            RETURN NULL;
        END $$""")
    op.execute(
        "CREATE TRIGGER forgets_current_shares AFTER DELETE ON purchases "
        "FOR EACH ROW EXECUTE FUNCTION forget_current_shares()"
    )


def _tell_changes(table: str, purchases: str) -> None:
    """One row for a statement and a purchase, however many rows it touched. An update is told for what the rows say
    after it: none ever goes from one purchase to another, nor from filed to draft.
    """
    op.execute(f"""
        CREATE FUNCTION tell_change_of_{table}() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, public, pg_temp AS $$ BEGIN
            INSERT INTO case_changes (group_id, purchase_id)
                SELECT DISTINCT told.group_id, told.purchase_id FROM ({purchases}) told;
            RETURN NULL;
        END $$""")
    for kind, state in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        if table == "purchases" and kind == "DELETE":
            continue
        op.execute(
            f"CREATE TRIGGER tells_{kind.lower()} AFTER {kind} ON {table} REFERENCING {state} TABLE AS moved "
            f"FOR EACH STATEMENT EXECUTE FUNCTION tell_change_of_{table}()"
        )
