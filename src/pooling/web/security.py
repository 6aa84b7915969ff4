"""What every request must prove and every response must say, whatever the feature.

A form carries a token derived from the browser's own session (or, before signing in, from a random visitor cookie), and
comes from our own pages: `Sec-Fetch-Site`, or `Origin` in browsers that do not send it.
"""

import hmac
import re
import secrets
from typing import Any, Literal

from litestar import Request
from litestar.datastructures import Cookie
from litestar.types import Message, Scope

from pooling.kernel.errors import DomainError
from pooling.web.forms import Form, provide_form
from pooling.web.services import services_of

VISITOR_COOKIE = "pooling-visitor"
SESSION_COOKIE = "pooling-session"
LONGEST_PATH = 2000
_LOCAL_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")
AUTHOR, RESUMED, TYPED = "author", "resumed", "typed"
"""What a request's state holds: whom its page is shown to, which kept form it takes up again, what was typed there."""
_SHOWING = re.compile(r"[A-Za-z0-9_-]{12}")
_NUMBER = re.compile(r"[0-9]{1,18}")
FROM_MAIL_PROGRAMS = "from_mail_programs"
"""What a route says of itself when mail programs post to it: a secret in its address stands for our form's token."""
KEEPS_NOTHING = "keeps_nothing"
"""What a route says of itself when its form holds a secret, a code of the second factor: it is kept for nobody."""
KEY_IN_ADDRESS = "key_in_address"
"""What a route says of itself when its address opens something: it is written in no log."""
NO_REFERRER = {"Referrer-Policy": "no-referrer"}
"""Of pages whose address, or what they show, must not travel on."""
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; object-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HTTPS_ONLY = "max-age=63072000; includeSubDomains"
"""`Strict-Transport-Security`, two years, wherever the service is not on this machine alone."""
_ON_THIS_MACHINE = {
    name.lower().encode(): value.encode() for name, value in {**HEADERS, "Cache-Control": "no-store"}.items()
}
_OVER_HTTPS = {**_ON_THIS_MACHINE, b"strict-transport-security": HTTPS_ONLY.encode()}
"""As they leave: what every answer says is encoded once."""


class ExpiredForm(DomainError):
    """A form of ours, shown to somebody in a session that is not this one: it is refused, but it is no forgery."""

    status = 401
    code = "expired_form"

    def __init__(self, author: int) -> None:
        super().__init__("Cette page datait d’une connexion précédente : rien n’a été changé. Rechargez-la.")
        self.author = author
        """The person whom the form was shown to."""


class ForgedRequest(DomainError):
    status = 403
    code = "forged_request"

    def __init__(self) -> None:
        super().__init__(
            "Ce formulaire a expiré ou ne vient pas de ce site. Revenez à la page précédente, puis rechargez-la."
        )


class StrangeForm(ForgedRequest):
    """It was sent from our pages, by a browser that had another number when it was shown."""


def form_token(secret_key: str, binding: str) -> str:
    """The token of one browser's forms."""
    return hmac.digest(secret_key.encode(), f"form:{binding}".encode(), "sha256").hex()


def form_token_of(request: Request[Any, Any, Any]) -> str:
    """What forms of this page must carry: the token, then whom the page is shown to, signed, so that what they typed
    finds them again once the session has ended; what tells this showing of the page from others, so that a form of it
    which is sent twice is taken once; then which kept form this page takes up again.
    """
    secret_key, state = services_of(request).secret_key, request.scope["state"]
    token, author = form_token(secret_key, _binding(request)), state.get(AUTHOR)
    showing = secrets.token_urlsafe(9)
    if author is None:
        return f"{token}:::{showing}"  # nobody yet
    resumed = [str(state[RESUMED])] if RESUMED in state else []
    return ":".join((token, str(author), _mark(secret_key, author), showing, *resumed))


def _mark(secret_key: str, author: int) -> str:
    return hmac.digest(secret_key.encode(), f"author:{author}".encode(), "sha256").hex()


def author_of(request: Request[Any, Any, Any], form: Form) -> int | None:
    """Whom a form was shown to, if it says so under our signature."""
    _, _, rest = form.value("csrf").partition(":")
    author, mark, *_ = [*rest.split(":"), "", ""]
    if not _NUMBER.fullmatch(author):
        return None
    genuine = hmac.compare_digest(mark.encode(), _mark(services_of(request).secret_key, int(author)).encode())
    return int(author) if genuine else None


def resumed_of(form: Form) -> int | None:
    """Which kept form this one takes up again, as its page said."""
    parts = form.value("csrf").split(":")
    return int(parts[4]) if len(parts) == 5 and _NUMBER.fullmatch(parts[4]) else None  # noqa: PLR2004 - see above


def showing_of(form: Form) -> str:
    """Which showing of its page a form was sent from; empty: it does not say."""
    parts = form.value("csrf").split(":")
    return parts[3] if len(parts) > 3 and _SHOWING.fullmatch(parts[3]) else ""  # noqa: PLR2004 - see above


def _binding(request: Request[Any, Any, Any], *, newest: bool = True) -> str:
    """What stands for this browser: its session, or a random visitor's number. A session whose token is being changed
    posts with the old one and gets pages for the new one.
    """
    state = request.scope["state"]
    session = (state.get("session_token") if newest else None) or cookie_of(request, SESSION_COOKIE)
    return session or cookie_of(request, VISITOR_COOKIE) or state.get("visitor", "")


def ensure_visitor(request: Request[Any, Any, Any]) -> Cookie | None:
    """Before signing in, a random cookie stands for the browser. Returns the cookie to set, if it has none yet."""
    if cookie_of(request, SESSION_COOKIE) or cookie_of(request, VISITOR_COOKIE):
        return None
    visitor = request.scope["state"].setdefault("visitor", secrets.token_urlsafe(24))
    return own_cookie(request, VISITOR_COOKIE, visitor)


def browser_of(request: Request[Any, Any, Any]) -> str | None:
    """What tells this browser from another: the token of its session (even a dead one), or its visitor's number."""
    return _binding(request, newest=False) or None


def local_path(typed: str) -> str:
    """A path of this site to go on to, never another site's address: anything else becomes the front door."""
    safe = len(typed) < LONGEST_PATH and _LOCAL_PATH.fullmatch(typed) is not None
    return typed if safe else "/"


def own_cookie(request: Request[Any, Any, Any], key: str, value: str, *, max_age: int | None = None) -> Cookie:
    """A cookie of ours: never read by scripts, only over HTTPS except on this machine itself."""
    same_site: Literal["lax"] = "lax"
    return Cookie(
        key=_cookie_name(request, key),
        value=value,
        max_age=max_age,
        httponly=True,
        secure=not services_of(request).settings.is_loopback,
        samesite=same_site,
        path="/",
    )


def cookie_of(request: Request[Any, Any, Any], key: str) -> str | None:
    """A cookie that `cookie` gave."""
    return request.cookies.get(_cookie_name(request, key))


def _cookie_name(request: Request[Any, Any, Any], key: str) -> str:
    """Over HTTPS, `__Host-…`: a browser takes such a cookie from this very host only, never from one beside it."""
    return key if services_of(request).settings.is_loopback else f"__Host-{key}"


def is_for_programs(request: Request[Any, Any, Any]) -> bool:
    """Whether the request goes to the JSON interface. By the path that was routed: `request.url` is put together with
    the `Host` header, in which anything may stand.
    """
    return is_path_for_programs(request.scope["path"])


def is_path_for_programs(path: str) -> bool:
    return path.startswith("/api/")


async def refuse_forged(request: Request[Any, Any, Any]) -> None:
    """Called before every handler, once the body is there. A request that changes something must come from a form of
    ours.

    Raises:
        ExpiredForm: it was shown in another session.
        ForgedRequest: it does not.
        UnreadableForm: it is no form.
    """
    if request.method not in UNSAFE_METHODS or is_for_programs(request):
        return  # programs carry a token that no browser sends by itself: cookies open nothing there
    if request.route_handler.opt.get(FROM_MAIL_PROGRAMS):
        return
    if not _same_site(request):
        raise ForgedRequest
    form = await provide_form(request)
    given, _, _ = form.value("csrf").partition(":")
    expected = form_token(services_of(request).secret_key, _binding(request, newest=False))
    if not hmac.compare_digest(given.encode(), expected.encode()):
        author = author_of(request, form)
        raise StrangeForm if author is None else ExpiredForm(author)


def _same_site(request: Request[Any, Any, Any]) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


async def add_headers(message: Message, scope: Scope) -> None:
    """Called for every answer just before it leaves: errors, redirects and refusals of the framework too."""
    if message["type"] != "http.response.start":
        return
    wanted = _ON_THIS_MACHINE if scope["litestar_app"].state.services.settings.is_loopback else _OVER_HTTPS
    headers = message.setdefault("headers", [])
    said = {name.lower() for name, _ in headers}
    message["headers"] = [*headers, *((name, value) for name, value in wanted.items() if name not in said)]
