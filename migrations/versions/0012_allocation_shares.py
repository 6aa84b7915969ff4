"""Frozen allocations keep every member's figures as rows, with what explains them.

Those that were frozen before are shared once more by the very rule that froze them, the only one there has been, and
kept where it gives to the letter what is stored. One that it does not was frozen by a rule that was never released: it
keeps its figures, and says that it cannot be opened.
"""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from pooling.allocation.backfilling import stated_again

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "allocation_shares",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("allocation_id", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("budget", sa.String(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("ht", "vat", "subsidies", "fctva", "net")),
        sa.Column("vat_by_rate", JSONB, nullable=False),
        sa.Column("gets_fctva", sa.Boolean(), nullable=False),
        sa.Column("lines", JSONB, nullable=False),
        sa.CheckConstraint("net = ht + vat - subsidies - fctva", name=op.f("ck_allocation_shares_net_ties")),
        sa.ForeignKeyConstraint(
            ["group_id", "allocation_id"],
            ["allocations.group_id", "allocations.id"],
            name=op.f("fk_allocation_shares_group_id_allocation_id_allocations"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_allocation_shares_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "allocation_id", "member", name=op.f("pk_allocation_shares")),
    )
    op.execute("ALTER TABLE allocation_shares ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON allocation_shares "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
    op.add_column("allocations", sa.Column("rule_version", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("allocations", "rule_version", server_default=None)
    op.add_column("allocations", sa.Column("stated", JSONB, nullable=True))
    _keep_what_was_frozen()


def _keep_what_was_frozen() -> None:
    connection = op.get_bind()
    records = sa.table("allocations", *map(sa.column, ("group_id", "id")), sa.column("stated", JSONB))
    shares = sa.table(
        "allocation_shares",
        *map(sa.column, ("group_id", "allocation_id", "member", "name", "budget")),
        *map(sa.column, ("ht", "vat", "subsidies", "fctva", "net", "gets_fctva")),
        *(sa.column(name, JSONB) for name in ("vat_by_rate", "lines")),
    )
    keys = connection.execute(sa.select(records.c.group_id, records.c.id)).all()
    for group_id, id_ in keys:  # one at a time: each may hold thousands of members
        frozen = connection.execute(
            sa.text('SELECT "case", result FROM allocations WHERE group_id = :group_id AND id = :id'),
            {"group_id": group_id, "id": id_},
        ).one()
        stated = stated_again(*(value if isinstance(value, dict) else json.loads(value) for value in frozen))
        if stated is None:
            continue
        head, rows = stated
        connection.execute(
            sa.update(records).where(records.c.group_id == group_id, records.c.id == id_).values(stated=head)
        )
        if rows:
            connection.execute(sa.insert(shares), [{"group_id": group_id, "allocation_id": id_, **row} for row in rows])
