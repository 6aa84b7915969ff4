"""The directory for programs: looking authorities up."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from litestar import get, post
from pydantic import Field

from pooling.directory.joining import join_authorities
from pooling.directory.merging import merge_named
from pooling.directory.models import AuthorityKind
from pooling.directory.page import OnAuthority
from pooling.directory.queries import (
    FOUND_AT_MOST,
    LONGEST,
    AuthorityShown,
    communes_among,
    communes_of,
    current_year,
    search_directory,
)
from pooling.directory.renewing import differences, renew_members
from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.kernel.limits import Readers, limit
from pooling.kernel.text import clean, one_line
from pooling.members import merging
from pooling.members.adding import LONGEST_NAME
from pooling.members.api import MemberOut, member_out
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.merging import MOST_AT_ONCE
from pooling.members.rights import Right
from pooling.web.api import ApiIn, ApiOut

MOST_JOINING = limit(1_000, "Authorities that one call adds to a group", __name__, Readers.PROGRAMS)


class DirectorySearch(ApiIn):
    """What to look for."""

    q: str = Field(
        max_length=LONGEST,
        description="Beginnings of the words of a name, a SIREN, an INSEE code or a postcode; two characters at least.",
    )
    limit: int = Field(default=20, ge=1, le=FOUND_AT_MOST, description="How many at most.")


class AuthorityOut(ApiOut):
    """A commune or an intercommunal body."""

    siren: str
    name: str
    kind: AuthorityKind
    """`commune`, or the kind of the body: `CC`, `CA`, `CU`, `METRO`, `MET69`."""
    insee: str | None
    """Of a commune."""
    department: str
    population: int
    """Municipal population, of the edition's year."""
    postcodes: Sequence[str]
    body: str | None
    """SIREN of the intercommunal body that a commune belongs to."""


class FoundOut(ApiOut):
    year: int | None
    """Of the directory's edition; null where none was loaded."""
    items: Sequence[AuthorityOut]


class AuthorityWhole(AuthorityOut):
    year: int
    communes: Sequence[AuthorityOut]
    """Of a body, in French order."""


def _out(shown: AuthorityShown) -> AuthorityOut:
    return AuthorityOut(**_fields(shown))


def _fields(shown: AuthorityShown) -> dict[str, object]:
    return {**vars(shown), "kind": AuthorityKind(shown.kind), "body": shown.body_siren}


@endpoint(get, "/directory", right=Right.MANAGE_MEMBERS)
async def search_authorities(here: Here[InGroup], asked: DirectorySearch) -> FoundOut:
    """Communes and intercommunal bodies of the national directory: exact matches first, then by population."""
    found = await search_directory(here.session, asked.q, most=asked.limit)
    return FoundOut(year=await current_year(here.session), items=[_out(one) for one in found])


@endpoint(get, "/directory/{siren:str}", right=Right.MANAGE_MEMBERS)
async def get_authority(here: Here[OnAuthority]) -> AuthorityWhole:
    """One of them, with its communes."""
    communes = await communes_of(here.session, here.authority.siren)
    return AuthorityWhole(**_fields(here.authority), year=here.year, communes=[_out(one) for one in communes])


class JoiningIn(ApiIn):
    """Authorities of the directory that become members."""

    sirens: tuple[Annotated[str, Field(max_length=9)], ...] = Field(min_length=1, max_length=MOST_JOINING)
    with_communes: bool = False
    """Also all communes of the bodies among them."""


class JoinedOut(ApiOut):
    added: Sequence[str]
    """SIRENs."""
    present: Sequence[str]
    """Of those that were members already."""
    left: Sequence[str]
    """Of those that were, and left the group: `…/members/{member}/return` takes one back."""


@endpoint(post, "/members/from-directory", right=Right.MANAGE_MEMBERS, once=True)
async def add_members_from_directory(here: Here[InGroup], sent: JoiningIn) -> JoinedOut:
    """Add authorities of the directory, with name, INSEE code and population. Members stay as they are."""
    sirens = list(sent.sirens)
    if sent.with_communes:
        sirens += await communes_among(here.session, sirens)
    joined = await join_authorities(here.session, here.caller, sirens, here.now)
    added, present, left = ([one.siren for one in some] for some in (joined.added, joined.present, joined.left))
    return JoinedOut(added=added, present=present, left=left)


class DifferenceOut(ApiOut):
    """A member whose population, its year or INSEE code is not the directory's."""

    siren: str
    name: str
    population: int | None
    population_year: int | None
    listed: int
    """Its population in the directory."""
    insee: str | None
    listed_insee: str | None


class DifferencesOut(ApiOut):
    year: int | None
    """Of the directory's edition."""
    items: Sequence[DifferenceOut]


class RenewalIn(ApiIn):
    """Whose population is to be the directory's."""

    sirens: tuple[Annotated[str, Field(max_length=9)], ...] | None = Field(default=None, max_length=MOST_JOINING)
    """Null: all members that differ."""


class RenewedOut(ApiOut):
    renewed: int
    """How many members differed."""


@endpoint(get, "/directory/differences", right=Right.MANAGE_MEMBERS)
async def list_differences(here: Here[InGroup]) -> DifferencesOut:
    """The first thousand members whose population, its year or INSEE code is not the directory's."""
    found = await differences(here.session, most=MOST_JOINING)
    items = [
        DifferenceOut(**{name: value for name, value in vars(one).items() if name != "member_id"}) for one in found
    ]
    return DifferencesOut(year=await current_year(here.session), items=items)


@endpoint(post, "/directory/renewal", right=Right.MANAGE_MEMBERS)
async def renew_populations(here: Here[InGroup], sent: RenewalIn) -> RenewedOut:
    """Give members the directory's population and INSEE code. Key values that purchases froze stay."""
    return RenewedOut(renewed=await renew_members(here.session, here.caller, sent.sirens, here.now))


class NewMerger(ApiIn):
    """Members become one: a commune nouvelle, components that unite."""

    members: tuple[Annotated[str, Field(max_length=40)], ...] = Field(min_length=1, max_length=MOST_AT_ONCE)
    """Codes of those that become another one."""
    becomes: str = Field(min_length=1, max_length=40)
    """The code of a member, or of what is to be added: from the directory where it has it."""
    name: str = Field(default="", max_length=LONGEST_NAME)
    """Of what is neither a member nor in the directory."""
    population: Literal["added", "listed"] = "added"
    """Theirs added up, or the directory's."""
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    on: date | None = None
    """Since which day; null: today, in the group's zone."""
    confirmed: str = Field(default="", max_length=LONGEST_REASON)
    """Why it is meant, once it was answered that something in it is odd (code `doubtful`)."""


@endpoint(
    post,
    "/members/merger",
    right=Right.MANAGE_MEMBERS,
    conflicts=("member_in_use", "member_exists", "changed_meanwhile"),
    once=True,
)
async def merge_members(here: Here[InGroup], sent: NewMerger) -> MemberOut:
    """Make members one, for ever: people, needs that are not consolidated, charges and subsidies follow; what is frozen
    keeps the former ones. For the facilitator.
    """
    command = await merge_named(
        here.session,
        list(sent.members),
        sent.becomes,
        one_line(sent.name),
        sent.on or here.today,
        clean(sent.reason),
        listed=sent.population == "listed",
    )
    insistence = Insistence(sent.confirmed)
    member = await merging.merge_members(
        here.session, here.caller, command, here.now, here.today, insistence=insistence
    )
    return await member_out(here.session, member)


ROUTES = [
    merge_members,
    search_authorities,
    get_authority,
    add_members_from_directory,
    list_differences,
    renew_populations,
]
