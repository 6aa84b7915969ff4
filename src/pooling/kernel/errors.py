"""What can go wrong in a use case. Each has a stable code, a French sentence for the person, and perhaps a field.

A domain error is raised, rolls the transaction back, and is turned into a page or `application/problem+json` by
`pooling.web.errors`.
"""

from collections.abc import Mapping, Sequence

MOST_NAMED = 20
"""Things that one sentence names: a small body must not make a large answer."""


def enumerated(names: Sequence[str]) -> str:
    """The first of them, and how many more."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" et {more} autre{'s' if more > 1 else ''}" if more > 0 else "")


class DomainError(Exception):
    """Base of all of them. `status` is the HTTP status it becomes."""

    status = 400
    code = "bad_request"
    way_on: tuple[str, str] | None = None
    """A link that its page offers: (label, address)."""

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.field = field


class NotFound(DomainError):
    """Also what a caller gets for another group's id: its existence is nobody else's business."""

    status = 404
    code = "not_found"

    def __init__(self, message: str = "Cette page n’existe pas, ou vous n’y avez pas accès.") -> None:
        super().__init__(message)


class SignInRequired(DomainError):
    status = 401
    code = "sign_in_required"

    def __init__(self, page: str = "/connexion") -> None:
        super().__init__("Connectez-vous pour continuer.")
        self.page = page
        """Where it is done: signing in, giving the second factor, setting it up."""


class Forbidden(DomainError):
    status = 403
    code = "forbidden"

    def __init__(self, message: str = "Votre rôle ne permet pas cette action.") -> None:
        super().__init__(message)


class Conflict(DomainError):
    """The state of things does not allow it (any more)."""

    status = 409
    code = "conflict"


class Invalid(DomainError):
    """What was typed cannot be accepted: one French sentence for each field that must be mended."""

    status = 422
    code = "invalid"

    def __init__(
        self,
        errors: Mapping[str, str],
        *,
        message: str = "Certaines informations sont à corriger.",
        is_all: bool = True,
    ) -> None:
        super().__init__(message, field=next(iter(errors), None))
        self.errors = dict(errors)
        self.is_all = is_all
        """Whether there are no more than these."""
