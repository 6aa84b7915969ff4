"""Files may go with other things than committees: with exactly one."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

FORMER, NEW = "committee_files", "attached_files"


def upgrade() -> None:
    op.rename_table(FORMER, NEW)
    for name in (
        "pk_{}",
        "fk_{}_group_id_groups",
        "fk_{}_group_id_file_id_files",
        "fk_{}_group_id_committee_id_committees",
        "fk_{}_group_id_agenda_item_id_agenda_items",
    ):
        op.execute(f"ALTER TABLE {NEW} RENAME CONSTRAINT {name.format(FORMER)} TO {name.format(NEW)}")
    index = "ix_{}_group_id_committee_id"
    op.execute(f"ALTER INDEX {index.format(FORMER)} RENAME TO {index.format(NEW)}")
    op.alter_column(NEW, "committee_id", nullable=True)
    op.add_column(NEW, sa.Column("purchase_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f(f"fk_{NEW}_group_id_purchase_id_purchases"),
        NEW,
        "purchases",
        ["group_id", "purchase_id"],
        ["group_id", "id"],
    )
    _check("goes_with_one", "num_nonnulls(committee_id, purchase_id) = 1")
    _check("item_of_committee", "agenda_item_id IS NULL OR committee_id IS NOT NULL")


def _check(name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_{NEW}_{name}"), NEW, sa.text(condition))
