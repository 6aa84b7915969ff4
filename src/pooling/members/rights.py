"""Who may do what, as a table. Every route names one of these rights; every use case that changes something checks one.

A role of the group (`facilitator`, `reader`) counts everywhere in it; a role of a member (`referent`,
`finance`, `purchasing`) for what is that member's; `lead_buyer` for its purchase.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pooling.kernel.errors import Forbidden, NotFound
from pooling.members.models import Role

_ALL = tuple(Role)
OF_GROUP = frozenset({Role.FACILITATOR, Role.READER})
"""The roles that count everywhere in the group."""


class AnyRight(StrEnum):
    """A right, with the roles that have it: what the rights of every feature are. A feature may bring its own."""

    roles: frozenset[Role]

    def __new__(cls, value: str, *roles: Role) -> Self:
        right = str.__new__(cls, value)
        right._value_ = value
        right.roles = frozenset(roles)
        return right

    @property
    def of_group(self) -> bool:
        """Whether it counts everywhere in the group for everybody who has it."""
        return self.roles <= OF_GROUP or self.roles == frozenset(Role)


class Right(AnyRight):
    # Routes only: rights that need no group.
    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    ADMINISTER = "administer"
    """The administrator of the installation: for anybody else these pages do not exist."""
    # Rights within a group.
    SEE_GROUP = ("see_group", *_ALL)
    MANAGE_GROUP = ("manage_group", Role.FACILITATOR)
    MANAGE_MEMBERS = ("manage_members", Role.FACILITATOR)
    ASK_FOR_COLLEAGUE = ("ask_for_colleague", Role.REFERENT)
    NAME_BUYERS = ("name_buyers", Role.FACILITATOR, Role.REFERENT)
    """On the lead member: it says who buys in its name."""
    PREPARE_PURCHASE = ("prepare_purchase", Role.FACILITATOR, Role.REFERENT, Role.PURCHASING)
    """A référent, or the purchasing staff, prepares what its own member leads."""
    EDIT_PURCHASE = ("edit_purchase", Role.FACILITATOR, Role.REFERENT, Role.PURCHASING, Role.LEAD_BUYER)
    """While it is in preparation: those who may prepare it, and who will run it."""
    SEE_JOURNAL = ("see_journal", Role.FACILITATOR, Role.LEAD_BUYER)
    FILE_NEEDS = ("file_needs", Role.REFERENT)
    SEE_TOTALS = ("see_totals", *_ALL)
    """A référent sees the group's totals and its own member's lines."""
    SEE_DECLARATION = ("see_declaration", Role.REFERENT, Role.FINANCE, Role.FACILITATOR, Role.LEAD_BUYER)
    SEE_ALL_NEEDS = ("see_all_needs", Role.FACILITATOR, Role.LEAD_BUYER)
    GATHER_NEEDS = ("gather_needs", Role.FACILITATOR, Role.LEAD_BUYER)
    """While the collection is open: reminding those who are silent, filing for a member that telephoned."""
    RUN_PURCHASE = ("run_purchase", Role.LEAD_BUYER)
    SEE_ALL_COSTS = ("see_all_costs", Role.FACILITATOR, Role.LEAD_BUYER, Role.FINANCE)
    """Who pays must be able to tie the foot to the invoice: finance officers of a participant see all its lines."""
    MANAGE_COMMITTEES = ("manage_committees", Role.FACILITATOR)
    MANAGE_REMINDERS = ("manage_reminders", Role.FACILITATOR)
    """What the group mails by itself: when, in which words, what did not arrive. Much of it is of purchases."""


_WITH_SECOND_FACTOR = frozenset({Role.FACILITATOR, Role.LEAD_BUYER, Role.FINANCE})


@dataclass(frozen=True)
class HeldRole:
    """One membership of the caller."""

    role: Role
    member_id: int | None = None
    purchase_id: int | None = None


@dataclass(frozen=True)
class Caller:
    """The person who asks, in one group, with what it is there."""

    person_id: int
    group_id: int
    roles: tuple[HeldRole, ...]
    lines_visible_to_all: bool = False
    """The group chose to show every member's lines to every member."""

    def may(self, right: AnyRight, *, member_id: int | None = None, purchase_id: int | None = None) -> bool:
        """Whether a role of the caller gives this right on this member or purchase."""
        allowed = right.roles
        return any(
            held.role in allowed
            and (
                held.role in OF_GROUP
                or (held.member_id is not None and held.member_id == member_id)
                or (held.purchase_id is not None and held.purchase_id == purchase_id)
            )
            for held in self.roles
        )

    def may_somewhere(self, right: AnyRight) -> bool:
        """Whether the caller has this right on anything at all: the coarse guard of a route."""
        return any(held.role in right.roles for held in self.roles)

    def require(self, right: AnyRight, *, member_id: int | None = None, purchase_id: int | None = None) -> None:
        """The check that a use case makes.

        Raises:
            Forbidden: the caller has not this right here.
        """
        if not self.may(right, member_id=member_id, purchase_id=purchase_id):
            raise Forbidden

    def sees_all_lines(self, purchase_id: int) -> bool:
        """Whether the caller sees every member's lines of this purchase, not only its own and the totals."""
        opened = self.lines_visible_to_all and bool(self.members_as(Role.REFERENT, Role.FINANCE))
        return opened or self.may(Right.SEE_ALL_NEEDS, purchase_id=purchase_id)

    def members_as(self, *roles: Role) -> list[int]:
        """The members for which the caller holds one of these roles."""
        return sorted({held.member_id for held in self.roles if held.role in roles and held.member_id is not None})

    def purchases_led(self) -> list[int]:
        return sorted({held.purchase_id for held in self.roles if held.purchase_id is not None})

    @property
    def needs_second_factor(self) -> bool:
        """Where the group asks for it: those who run it, buy for it or pay."""
        return any(held.role in _WITH_SECOND_FACTOR for held in self.roles)

    def has(self, role: Role) -> bool:
        return any(held.role == role for held in self.roles)


def require_entry(roles: tuple[HeldRole, ...]) -> None:
    """A group without a membership in it does not exist for the caller.

    Raises:
        NotFound: no role is held.
    """
    if not roles:
        raise NotFound
