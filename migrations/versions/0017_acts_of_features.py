"""Features declare what decisions do and to what: the words are no longer written into a constraint."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("act_known", "act_has_purchase"):
        op.drop_constraint(op.f(f"ck_decisions_{name}"), "decisions", type_="check")
    _check("act_is_a_name", "act ~ '^[a-z_]+$'")
    _check("act_has_subject", "act IS NULL OR num_nonnulls(purchase_id) = 1")


def _check(name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_decisions_{name}"), "decisions", sa.text(condition))
