"""When a session last proved whose it is; recovery codes hashed slowly, those that people hold already too."""

import secrets
from hashlib import scrypt

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("confirmed_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.execute("UPDATE sessions SET confirmed_at = created_at")
    op.alter_column("sessions", "confirmed_at", nullable=False)
    op.add_column("recovery_codes", sa.Column("salt", sa.LargeBinary(), nullable=True))
    _hash_slowly()
    op.alter_column("recovery_codes", "salt", nullable=False)


def _hash_slowly() -> None:
    """The slow hash is of the quick one, so that the codes on people's paper go on."""
    connection = op.get_bind()
    codes = connection.execute(sa.text("SELECT id, person_id, code_hash FROM recovery_codes ORDER BY person_id"))
    salts: dict[int, bytes] = {}
    for identifier, person, quick in codes.all():
        salt = salts.setdefault(person, secrets.token_bytes(16))
        slow = scrypt(bytes(quick), salt=salt, n=2**14, r=8, p=1, dklen=32)
        statement = sa.text("UPDATE recovery_codes SET code_hash = :slow, salt = :salt WHERE id = :id")
        connection.execute(statement, {"slow": slow, "salt": salt, "id": identifier})
