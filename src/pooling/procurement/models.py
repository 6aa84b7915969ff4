from datetime import date
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, in_group, one_of, within_group


class Mandate(StrEnum):
    """What the convention asks of the coordinator."""

    UNDECIDED = ""
    PROCEDURE_ONLY = "procedure_only"
    SIGN_AND_NOTIFY = "sign_and_notify"
    FULL = "full"


class Environment(StrEnum):
    """How offers are compared for the environment."""

    UNDECIDED = ""
    CRITERION = "criterion"
    LIFE_CYCLE = "life_cycle"


class ProcurementPlan(TenantTable, table=True):
    """What a purchase's lead says of how it is bought. Amounts are cents before VAT."""

    __tablename__ = "procurement_plans"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        one_of("mandate", Mandate),
        one_of("environment", Environment),
        CheckConstraint("options_cents >= 0 AND maximum_cents >= 0 AND renewals BETWEEN 0 AND 10", name="not_negative"),
        CheckConstraint("(launched_on IS NULL) = (procedure = '')", name="launched_has_procedure"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    family: str = ""
    """The homogeneous family in which needs of the year are added up, in the lead's own nomenclature."""
    options_cents: int = Field(default=0, sa_type=BigInteger)
    renewals: int = 0
    maximum_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    """Of a framework agreement, which counts at its maximum; None: it is none."""
    procedure: str = ""
    """Under which it was launched, by its code in the configuration."""
    launched_on: date | None = None
    """The day of the notice, or of the first request for an offer."""
    mandate: str = Mandate.UNDECIDED
    convention_signed_on: date | None = None
    environment: str = Environment.UNDECIDED


class ProcurementShare(TenantTable, table=True):
    """What a member that takes part says of its own year, and its deliberation on the convention."""

    __tablename__ = "procurement_shares"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("member_id", "members"),
        CheckConstraint("spent_cents >= 0", name="not_negative"),
        Index(None, "group_id", "member_id"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    spent_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    """Bought or planned elsewhere this year in the purchase's family, before VAT; None: nobody said."""
    deliberated_on: date | None = None
    deliberation: str = ""
    """Its reference."""
