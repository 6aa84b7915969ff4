"""What nobody looks for is not looked at: statistics of what each member's lines say cost more than writing them."""

from alembic import op

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None

LARGE = {
    "current_shares": ("vat_by_rate", "lines"),
    "allocation_shares": ("vat_by_rate", "lines", "payer"),
    "current_allocations": ("stated", "refused"),
    "allocations": ('"case"', "result", "stated", "details"),
}


def upgrade() -> None:
    for table, columns in LARGE.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
