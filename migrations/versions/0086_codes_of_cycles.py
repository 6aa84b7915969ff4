"""Cycles with auxiliary motors and motor scooters are filed under the codes that the vocabulary publishes, whose check digit
is not the one that others have.
"""

from alembic import op

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("lots", "item_details", "action_items"):
        for digits, given in (("34422000", 1), ("34421000", 4)):
            op.execute(f"UPDATE {table} SET cpv = '{digits}-7' WHERE cpv = '{digits}-{given}'")
