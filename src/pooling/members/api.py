"""Who I am, and the group's members."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from litestar import Request, Response, get, post, put
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.bearer import HolderHere
from pooling.accounts.models import TokenScope
from pooling.kernel.doubts import LONGEST_REASON
from pooling.kernel.slices import Listed
from pooling.kernel.tables import linked
from pooling.kernel.text import clean
from pooling.members import changing, retiring
from pooling.members.adding import (
    LARGEST_HEADCOUNT,
    LARGEST_POPULATION,
    LONGEST_CATEGORY,
    LONGEST_CODE,
    LONGEST_NAME,
    MemberIn,
    UnitIn,
)
from pooling.members.admission import admit_member
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.mails import Sender
from pooling.members.member_page import OnMember
from pooling.members.models import Member, MemberKind, Membership, Role
from pooling.members.queries import member_list
from pooling.members.rights import Right
from pooling.web.api import ApiIn, ApiOut, Operation, PageIn, json_answer, require_match, wants_match
from pooling.web.api_input import validated
from pooling.web.services import services_of

Name = Field(min_length=1, max_length=LONGEST_NAME)
Headcount = Field(default=None, ge=0, le=LARGEST_HEADCOUNT)


class TokenOut(ApiOut):
    name: str
    prefix: str
    scope: TokenScope
    expires_at: datetime | None


class GroupOut(ApiOut):
    slug: str
    name: str
    timezone: str
    fictional: bool


class RoleOut(ApiOut):
    """A role held: `member_id` of a member, `purchase_id` of a purchase, neither of the whole group."""

    role: Role
    member: str | None
    """The member's SIREN or code."""
    purchase_id: int | None


class MeOut(ApiOut):
    name: str
    email: str
    token: TokenOut
    group: GroupOut | None
    """None once the person may no longer enter it."""
    roles: Sequence[RoleOut]


class MemberOut(ApiOut):
    code: str
    """SIREN of a legal entity, code of a unit."""
    kind: MemberKind
    name: str
    category: str
    insee: str | None
    parent: str | None
    """The name of the legal entity that a unit belongs to."""
    population: int | None
    population_year: int | None
    """Of the directory's edition that it was taken from; null where it was typed."""
    agents: int | None
    retired_on: date | None
    """The day on which it left the group."""
    retired_because: str | None
    became: str | None
    """The code of the member that it has become, with others."""


class MembersAsked(PageIn):
    """Which part of which list."""

    retired: bool = Field(default=False, description="Those that left the group, in place of those of it.")


class NewMember(ApiIn):
    """A legal entity (`code` is its SIREN), or a unit of one (`parent` is that one's SIREN)."""

    kind: Literal["legal_entity", "internal_unit"] = "legal_entity"
    code: str = Field(min_length=1, max_length=LONGEST_CODE)
    name: str = Name
    category: str = Field(default="", max_length=LONGEST_CATEGORY)
    insee: str | None = Field(default=None, max_length=5)
    parent: str | None = Field(default=None, max_length=LONGEST_CODE)
    population: int | None = Field(default=None, ge=0, le=LARGEST_POPULATION)
    agents: int | None = Headcount
    budgets: dict[str, str] = Field(default_factory=dict, max_length=200)
    """Labels by budget code."""


@get("/me", right=Right.SIGNED_IN, api=Operation("get_me", MeOut, alone=True))
async def show_me(request: Request[Any, Any, Any], holder: HolderHere) -> Response[Any]:
    """Who the token acts as, in which group, with which roles."""
    roles: list[RoleOut] = []
    if holder.group is not None:
        async with services_of(request).database.transaction(holder.group.id) as session:
            rows = await session.execute(
                select(col(Membership.role), col(Member.code), col(Membership.purchase_id))
                .outerjoin(Member, linked(Member.id, Membership.member_id))
                .where(col(Membership.person_id) == holder.person_id, col(Membership.ended_at).is_(None))
                .order_by(col(Membership.id))
            )
            roles = [RoleOut(role=Role(role), member=code, purchase_id=purchase) for role, code, purchase in rows]
    token = TokenOut(name=holder.token_name, prefix=holder.prefix, scope=holder.scope, expires_at=holder.expires_at)
    group = holder.group
    shown = group and GroupOut(slug=group.slug, name=group.name, timezone=group.timezone, fictional=group.fictional)
    return json_answer(MeOut(name=holder.name, email=holder.email, token=token, group=shown, roles=roles))


@endpoint(get, "/members", right=Right.SEE_GROUP)
async def list_members(here: Here[InGroup], asked: MembersAsked) -> Listed[MemberOut]:
    """The group's members, or those that left it, in French order."""
    members = await member_list(here.session, asked.slice, retired=asked.retired)
    return members.each(
        lambda line: MemberOut(
            code=line.code,
            kind=MemberKind(line.kind),
            name=line.name,
            category=line.category,
            insee=line.insee,
            parent=line.parent,
            population=line.population,
            population_year=line.population_year,
            agents=line.agents,
            retired_on=line.retired_on,
            retired_because=line.retired_because,
            became=line.became and line.became[0],
        )
    )


@endpoint(post, "/members", right=Right.MANAGE_MEMBERS, status=201, conflicts=("member_exists",), once=True)
async def add_member(here: Here[InGroup], sent: NewMember) -> MemberOut:
    """Add a member: a legal entity, or a unit of one. For the facilitator."""
    return await member_out(here.session, await admit_member(here.session, here.caller, _command(sent), here.now))


async def member_out(session: AsyncSession, member: Member) -> MemberOut:
    """The member as programs see it."""
    parent = await session.get(Member, (member.group_id, member.parent_id)) if member.parent_id else None
    became = await session.get(Member, (member.group_id, member.merged_into_id)) if member.merged_into_id else None
    return MemberOut(
        code=member.code,
        kind=MemberKind(member.kind),
        name=member.name,
        category=member.category,
        insee=member.insee,
        parent=parent.name if parent else None,
        population=member.population,
        population_year=member.population_year,
        agents=member.agents,
        retired_on=member.retired_on,
        retired_because=member.retired_because,
        became=became and became.code,
    )


def _command(sent: NewMember) -> MemberIn | UnitIn:
    """The use case's own command, which knows the rules on codes."""
    values = sent.model_dump(exclude={"kind"})
    return validated(UnitIn, values) if sent.kind == "internal_unit" else validated(MemberIn, values)


class MemberPut(ApiIn):
    """A member as it is to be known; its code stays."""

    name: str = Name
    category: str = Field(default="", max_length=LONGEST_CATEGORY)
    insee: str | None = Field(default=None, max_length=5)
    population: int | None = Field(default=None, ge=0, le=LARGEST_POPULATION)
    agents: int | None = Headcount


@endpoint(get, "/members/{member:str}", right=Right.SEE_GROUP, tagged=True)
async def get_member(here: Here[OnMember]) -> MemberOut:
    """A member by its SIREN or code."""
    return await member_out(here.session, here.member)


@endpoint(
    put,
    "/members/{member:str}",
    right=Right.MANAGE_MEMBERS,
    conflicts=("corrected_meanwhile",),
    tagged=True,
    matched=True,
)
async def correct_member(here: Here[OnMember], sent: MemberPut) -> MemberOut:
    """Correct what is known of a member. Key values that purchases froze stay. For the facilitator."""
    seen = None
    if wants_match(here.request):
        require_match(here.request, await member_out(here.session, here.member))
        seen = changing.mark_of(here.member)
    facts = validated(changing.MemberFacts, sent.model_dump())
    member = await changing.correct_member(here.session, here.caller, here.member.code, facts, here.now, seen=seen)
    return await member_out(here.session, member)


class NewRetirement(ApiIn):
    """A member leaves the group."""

    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    on: date | None = None
    """Since which day; null: today, in the group's zone."""


@endpoint(
    post,
    "/members/{member:str}/retirement",
    right=Right.MANAGE_MEMBERS,
    conflicts=("member_in_use", "member_retired"),
    once=True,
)
async def retire_member(here: Here[OnMember], sent: NewRetirement) -> MemberOut:
    """A member leaves the group: its people lose their roles of it, what is in preparation goes on without it, what is
    frozen keeps it. What is under way and keeps it is named by `member_in_use`. For the facilitator.
    """
    command = retiring.RetirementIn(sent.on or here.today, clean(sent.reason))
    code = here.member.code
    member = await retiring.retire_member(here.session, here.caller, code, command, here.now, here.today)
    return await member_out(here.session, member)


class NewReturn(ApiIn):
    """A member that left is of the group again."""

    reason: str = Field(default="", max_length=LONGEST_REASON)
    roles: bool = False
    """Its people have again the roles that ended when it left, and are told by mail."""


@endpoint(
    post,
    "/members/{member:str}/return",
    right=Right.MANAGE_MEMBERS,
    conflicts=("member_present", "member_merged", "parent_retired"),
    once=True,
)
async def take_member_back(here: Here[OnMember], sent: NewReturn) -> MemberOut:
    """Take back a member that left. For the facilitator."""
    roles = (Sender(here.who.name, here.who.email), here.context) if sent.roles else None
    code, reason = here.member.code, clean(sent.reason)
    member = await retiring.take_member_back(here.session, here.caller, code, here.now, reason=reason, roles=roles)
    return await member_out(here.session, member)


FRONT = [show_me]
ROUTES = [list_members, add_member, get_member, correct_member, retire_member, take_member_back]
