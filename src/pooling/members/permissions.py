"""What a route asks of its caller beyond a right on the whole group: a pure function of the caller and of what the
address names.

A feature keeps its own in `permissions.py`. A route names one in place of a right (`right=may_run`); whoever looks up
what the address names asks it (`members/entrance.py`), so that no handler can forget it, and the use case behind asks
the same one.
"""

from collections.abc import Callable
from inspect import getdoc, signature
from typing import Any, Concatenate, Generic, ParamSpec

from pooling.kernel.errors import DomainError, Forbidden
from pooling.members.rights import AnyRight, Caller

Subjects = ParamSpec("Subjects")


class Permission(Generic[Subjects]):
    """`allows` with what surrounds it: called, it answers; `require` refuses."""

    def __init__(
        self,
        allows: Callable[Concatenate[Caller, Subjects], bool],
        right: AnyRight,
        refusal: Callable[[], DomainError],
    ) -> None:
        self.allows = allows
        self.right = right
        """Held somewhere in the group by everybody whom it may allow: asked before anything is looked up."""
        self.refusal = refusal
        place = allows.__module__.removeprefix("pooling.").removesuffix(".permissions")
        self.name = f"{place}.{allows.__name__}"
        self.sentence = " ".join((getdoc(allows) or "").split())
        self.subjects = tuple(signature(allows).parameters)[1:]
        """What it looks at, by the names that page objects give it."""

    def __call__(self, caller: Caller, *subjects: Subjects.args, **named: Subjects.kwargs) -> bool:
        return self.allows(caller, *subjects, **named)

    def require(self, caller: Caller, *subjects: Subjects.args, **named: Subjects.kwargs) -> None:
        """The check that a use case makes.

        Raises:
            DomainError: the caller may not; by default `Forbidden`.
        """
        if not self.allows(caller, *subjects, **named):
            raise self.refusal()

    def require_of(self, here: Any) -> None:  # noqa: ANN401 - a page object that has the subjects
        """The check that a route makes of whoever opens its page object.

        Raises:
            DomainError: the caller may not.
        """
        asked: Callable[..., bool] = self.allows
        if not asked(here.caller, *(getattr(here, name) for name in self.subjects)):
            raise self.refusal()

    def __str__(self) -> str:
        return self.name


def permission(
    right: AnyRight, *, refusal: Callable[[], DomainError] = Forbidden
) -> Callable[[Callable[Concatenate[Caller, Subjects], bool]], Permission[Subjects]]:
    """Makes a permission of a function of the caller and its subjects. `right` is what all whom it may allow hold
    somewhere; `refusal` is `NotFound` where it is nobody else's business that the subject exists.
    """
    return lambda allows: Permission(allows, right, refusal)
