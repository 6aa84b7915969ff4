from pydantic import BaseModel, ConfigDict, Field

LONGEST_COMMENT = 2000
LONGEST_NOTE = 300
LONGEST_ENGAGEMENT = 40


class NeedIn(BaseModel):
    """So many units of an item, and the most that would be accepted (`None`: no more than that)."""

    model_config = ConfigDict(frozen=True)

    item_id: int
    quantity: int = Field(ge=0, le=1_000_000)
    up_to: int | None = Field(default=None, ge=0, le=1_000_000)

    @property
    def most(self) -> int:
        return self.quantity if self.up_to is None else self.up_to


class DetailIn(BaseModel):
    """What is said of the line of an item beside its units: each may be left out."""

    model_config = ConfigDict(frozen=True)

    item_id: int
    note: str = Field(default="", max_length=LONGEST_NOTE)
    budget_id: int | None = None
    engagement: str = Field(default="", max_length=LONGEST_ENGAGEMENT)

    @property
    def says_something(self) -> bool:
        return bool(self.note or self.budget_id or self.engagement)


class DeclarationIn(BaseModel):
    """A member's whole declaration. An item that is not named counts as zero once it is filed; a draft has not answered
    it yet.
    """

    model_config = ConfigDict(frozen=True)

    member_id: int
    needs: tuple[NeedIn, ...] = ()
    details: tuple[DetailIn, ...] = ()
    comment: str = Field(default="", max_length=LONGEST_COMMENT)
    seen: str | None = None
    """The stamp of the version that was before the person's eyes; None: not asked."""

    @property
    def wants_nothing(self) -> bool:
        """Filed, it answers that there is no need."""
        return not any(need.most for need in self.needs)
