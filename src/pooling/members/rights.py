"""Who may do what, as a table. Every route names one of these rights; every use case that changes something checks one.

A role of the group (`facilitator`, `reader`) counts everywhere in it; a role of a member (`referent`, `finance`) for
what is that member's; `lead_buyer` for its purchase.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pooling.kernel.errors import Forbidden, NotFound
from pooling.members.models import Role


class Right(StrEnum):
    # Routes only: rights that need no group.
    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    ADMINISTER = "administer"
    """The administrator of the installation: for anybody else these pages do not exist."""
    # Rights within a group.
    SEE_GROUP = "see_group"
    MANAGE_GROUP = "manage_group"
    MANAGE_MEMBERS = "manage_members"
    ASK_FOR_COLLEAGUE = "ask_for_colleague"
    NAME_BUYERS = "name_buyers"
    PREPARE_PURCHASE = "prepare_purchase"
    EDIT_PURCHASE = "edit_purchase"
    SEE_JOURNAL = "see_journal"
    FILE_NEEDS = "file_needs"
    SEE_TOTALS = "see_totals"
    SEE_DECLARATION = "see_declaration"
    SEE_ALL_NEEDS = "see_all_needs"
    RUN_PURCHASE = "run_purchase"
    SEE_ALL_COSTS = "see_all_costs"
    MANAGE_COMMITTEES = "manage_committees"
    MANAGE_REMINDERS = "manage_reminders"
    """What the group mails by itself: when, in which words, what did not arrive. Much of it is of purchases."""


_ALL = frozenset(Role)

TABLE: Mapping[Right, frozenset[Role]] = {
    Right.SEE_GROUP: _ALL,
    Right.MANAGE_GROUP: frozenset({Role.FACILITATOR}),
    Right.MANAGE_MEMBERS: frozenset({Role.FACILITATOR}),
    Right.ASK_FOR_COLLEAGUE: frozenset({Role.REFERENT}),
    # On the lead member: it says who buys in its name.
    Right.NAME_BUYERS: frozenset({Role.FACILITATOR, Role.REFERENT}),
    # A référent prepares what its own member leads.
    Right.PREPARE_PURCHASE: frozenset({Role.FACILITATOR, Role.REFERENT}),
    # While it is in preparation: those who may prepare it, and who will run it.
    Right.EDIT_PURCHASE: frozenset({Role.FACILITATOR, Role.REFERENT, Role.LEAD_BUYER}),
    Right.SEE_JOURNAL: frozenset({Role.FACILITATOR, Role.LEAD_BUYER}),
    Right.FILE_NEEDS: frozenset({Role.REFERENT}),
    # A référent sees the group's totals and its own member's lines.
    Right.SEE_TOTALS: _ALL,
    Right.SEE_DECLARATION: frozenset({Role.REFERENT, Role.FINANCE, Role.FACILITATOR, Role.LEAD_BUYER}),
    Right.SEE_ALL_NEEDS: frozenset({Role.FACILITATOR, Role.LEAD_BUYER}),
    Right.RUN_PURCHASE: frozenset({Role.LEAD_BUYER}),
    # Who pays must be able to tie the foot to the invoice: finance officers of a participant see all its lines.
    Right.SEE_ALL_COSTS: frozenset({Role.FACILITATOR, Role.LEAD_BUYER, Role.FINANCE}),
    Right.MANAGE_COMMITTEES: frozenset({Role.FACILITATOR}),
    Right.MANAGE_REMINDERS: frozenset({Role.FACILITATOR}),
}

_WITH_SECOND_FACTOR = frozenset({Role.FACILITATOR, Role.LEAD_BUYER, Role.FINANCE})
_OF_GROUP = frozenset({Role.FACILITATOR, Role.READER})


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

    def may(self, right: Right, *, member_id: int | None = None, purchase_id: int | None = None) -> bool:
        """Whether a role of the caller gives this right on this member or purchase."""
        allowed = TABLE[right]
        return any(
            held.role in allowed
            and (
                held.role in _OF_GROUP
                or (held.member_id is not None and held.member_id == member_id)
                or (held.purchase_id is not None and held.purchase_id == purchase_id)
            )
            for held in self.roles
        )

    def may_somewhere(self, right: Right) -> bool:
        """Whether the caller has this right on anything at all: the coarse guard of a route."""
        return any(held.role in TABLE[right] for held in self.roles)

    def require(self, right: Right, *, member_id: int | None = None, purchase_id: int | None = None) -> None:
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
