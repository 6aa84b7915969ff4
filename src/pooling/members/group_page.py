"""What a handler of a group's route stands on: `here`. And, where it answers a page, how it does.

What stands on a subject of the group (`purchases/page.py`) adds the subject: it extends one of these and its `load`
looks up what the address names. A handler says by a type which one it wants, `here: Here[PurchasePage]`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from litestar import Request, Response
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup, SignedIn
from pooling.accounts.tokens import Holder
from pooling.accounts.who import signed_in
from pooling.kernel.clock import Clock
from pooling.members.features import Features, features_of
from pooling.members.mails import Sender
from pooling.members.rights import Caller
from pooling.reminders.kinds import Context
from pooling.web.addresses import path_of
from pooling.web.api import PREFIX
from pooling.web.forms import Form
from pooling.web.layout import Link, redirect, render
from pooling.web.services import Services, services_of

__all__ = ["Crumb", "GroupPage", "Here", "InGroup"]

Wanted = TypeVar("Wanted")
Here: TypeAlias = SkipValidation[NamedDependency[Wanted]]
"""How a handler asks for what it stands on. We made it: what it holds, however large, is not looked through again."""
Crumb: TypeAlias = str | tuple[str, str]
"""An entry of the breadcrumb below the page object's own: its label, and its path where it is not the last."""


@dataclass(frozen=True)
class InGroup:
    """A request in a group: its one transaction, and the caller, past the guards."""

    request: Request[Any, Any, Any]
    session: AsyncSession
    caller: Caller
    group: EnteredGroup
    now: datetime

    @classmethod
    async def load(cls, here: "InGroup") -> Self:
        """This from the bare request; a subject that the address names is looked up.

        Raises:
            NotFound: the group has no such subject.
        """
        return cls(**vars(here))

    @property
    def named(self) -> Mapping[str, Any]:
        """What the address names: `here.named["reference"]`."""
        return self.request.path_params

    @property
    def who(self) -> SignedIn | Holder:
        """The caller, as it came in: in a browser, or by a token."""
        who: SignedIn | Holder = self.request.scope["state"]["who"]
        return who

    @property
    def zone(self) -> ZoneInfo:
        return self.group.zone

    @property
    def today(self) -> date:
        """The day in the group's zone."""
        return self.now.astimezone(self.zone).date()

    @property
    def services(self) -> Services:
        return services_of(self.request)

    @property
    def clock(self) -> Clock:
        return self.services.clock

    @property
    def features(self) -> Features:
        return features_of(self.request)

    @property
    def api_url(self) -> str:
        """The group's address for programs."""
        return f"{PREFIX}/groups/{self.group.slug}"

    @property
    def context(self) -> Context:
        """What the group's mails are written with."""
        return Context(
            group_id=self.group.id,
            slug=self.group.slug,
            group_name=self.group.name,
            zone=self.zone,
            fictional=self.group.fictional,
            base_url=self.services.settings.base_url,
            now=self.now,
        )


@dataclass(frozen=True)
class GroupPage(InGroup):
    """A page of the group. Its template knows it as `here` too."""

    @property
    def base(self) -> str:
        """The group's address."""
        return f"/g/{self.group.slug}"

    @property
    def url(self) -> str:
        """The address of what this is a page of, from which paths go on."""
        return self.base

    @property
    def above(self) -> Sequence[Link]:
        """The breadcrumb down to what this is a page of."""
        return [Link("À faire", self.base)]

    @property
    def sender(self) -> Sender:
        """The caller, as who writes to somebody."""
        person = signed_in(self.request)
        return Sender(person.name, person.email)

    def sections(self, under: str) -> list[Link]:
        """The pages beside each other under this entry of the main navigation that the caller may see, of which the one
        that the address lies in is current; none where there is but one.
        """
        inside = path_of(self.request).removeprefix(self.base)
        seen = [section for section in self.features.sections(under) if self.caller.may_somewhere(section.right)]
        around = [section.path for section in seen if f"{inside}/".startswith(f"{section.path}/")]
        current = max(around, key=len, default=None)
        links = [Link(section.label, self.base + section.path, section.path == current) for section in seen]
        return links if len(links) > 1 else []

    def crumbs(self, *below: Crumb) -> list[Link]:
        """The breadcrumb with these below; the last entry is the page itself."""
        entries = [(one, "") if isinstance(one, str) else one for one in below]
        *links, last = [*self.above, *(Link(label, self.url + path) for label, path in entries)]
        return [*links, Link(last.label, None)]

    def render(
        self,
        template: str,
        *below: Crumb,
        form: Form | None = None,
        status: int = 200,
        tabs: Sequence[Link] = (),
        **facts: Any,  # noqa: ANN401 - whatever the template wants
    ) -> Response[str]:
        """The page, under this breadcrumb, with these facts for its template."""
        crumbs = self.crumbs(*below)
        return render(
            self.request, template, status=status, breadcrumb=crumbs, tabs=tabs, form=form, here=self, **facts
        )

    def ask(
        self,
        *below: Crumb,
        question: str,
        consequences: Sequence[str],
        action: str,
        label: str,
        cancel: str = "",
        form: Form | None = None,
        danger: bool = True,
        template: str = "confirm_page.html",
        **facts: Any,  # noqa: ANN401 - whatever the template wants
    ) -> Response[str]:
        """A page that asks before something is done: what follows from it, and a button that posts to `action`. A
        template of its own adds fields.
        """
        return self.render(
            template,
            *below,
            form=form,
            question=question,
            consequences=consequences,
            action_url=self.url + action,
            action_label=label,
            cancel_url=self.url + cancel,
            danger=danger,
            **facts,
        )

    def redirect(
        self, path: str = "", *, done: str | None = None, warning: str | None = None, mailed: str = "", rings: str = ""
    ) -> Redirect:
        """After a POST: go and see, at this path from what this is a page of. `done` or `warning` is said there, and
        `rings` wakes the worker for a job.
        """
        return self._go_to(self.url + path, done, warning, mailed, rings)

    def to_group(
        self, path: str, *, done: str | None = None, warning: str | None = None, mailed: str = "", rings: str = ""
    ) -> Redirect:
        """The same, at a path from the group on."""
        return self._go_to(self.base + path, done, warning, mailed, rings)

    def _go_to(self, url: str, done: str | None, warning: str | None, mailed: str, rings: str) -> Redirect:
        answer = redirect(self.request, url, done=done, warning=warning, mailed=mailed)
        if rings:
            # Once the answer has left, the rows are committed: a bell that rang earlier would wake who finds nothing.
            answer.background = BackgroundTask(self.services.bell.ring, rings)
        return answer
