"""Who shares a charge may be a word of the rule instead of a list."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_check_constraint(
        op.f("ck_charges_scope_is_list_or_word"),
        "charges",
        "jsonb_typeof(scope) IN ('array', 'null') OR scope = '\"participants\"'",
    )
