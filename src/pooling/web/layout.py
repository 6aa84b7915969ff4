"""What stands around every page, and how a handler renders one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from pooling.web.branding import Territory
from pooling.web.flash import FLASH_COOKIE, pack_flash, unpack_flash
from pooling.web.forms import Form
from pooling.web.refilling import Typed, refill
from pooling.web.security import TYPED, cookie_of, ensure_visitor, form_token_of, own_cookie
from pooling.web.services import Services, services_of
from pooling.web.templating import page_of

NO_MAIL_LEAVES = (
    "Aucun courriel ne part pour l’instant\u00a0: ce service n’a pas encore de serveur d’envoi. Ceux qui sont écrits "
    "attendent."
)
"""What every page says of an installation that cannot mail, whatever else it promises."""


@dataclass(frozen=True)
class Link:
    label: str
    url: str | None
    current: bool = False


@dataclass(frozen=True)
class Viewer:
    name: str
    role: str
    account_url: str | None = None


@dataclass(frozen=True)
class GroupShown:
    name: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class Resumed:
    """What became, on this page, of what somebody had typed before."""

    is_there: bool
    """Its form."""
    left_over: Sequence[tuple[str, str]]
    """What found no place in it."""
    files: Sequence[str]
    """That came along and were not kept."""


@dataclass
class Layout:
    territory: Territory
    csrf_token: str
    current_path: str
    notice: str | None = None
    group: GroupShown | None = None
    groups: list[GroupShown] = field(default_factory=list)
    person: Viewer | None = None
    navigation: list[Link] = field(default_factory=list)
    breadcrumb: Sequence[Link] = ()
    tabs: Sequence[Link] = ()
    sign_out_url: str = "/deconnexion"
    flash: list[dict[str, str]] = field(default_factory=list)
    footer: Sequence[Link] = ()
    resumed: Resumed | None = None


def render(
    request: Request[Any, Any, Any],
    template: str,
    *,
    status: int = 200,
    breadcrumb: Sequence[Link] = (),
    tabs: Sequence[Link] = (),
    form: Form | None = None,
    flashing: bool = True,
    **context: object,
) -> Response[str]:
    """An HTML page with what stands around it. A form with errors answers 422, or what refused it says. A page of an
    error leaves what is carried over a redirect to the next one (`flashing`).
    """
    layout_of = services_of(request).layout_of
    assert layout_of is not None, "pooling.app brings it: only it knows every feature"
    layout = layout_of(request)
    layout.breadcrumb = breadcrumb
    layout.tabs = tabs
    cookies: list[Cookie] = []
    flash = cookie_of(request, FLASH_COOKIE) if flashing else None
    if flash is not None:
        layout.flash = unpack_flash(services_of(request).secret_key, flash)
        cookies.append(own_cookie(request, FLASH_COOKIE, "", max_age=0))
    visitor = ensure_visitor(request)
    if visitor is not None:
        cookies.append(visitor)
    layout.csrf_token = form_token_of(request)
    shown_form = form or Form()
    body = _with_what_was_typed(request, layout, lambda: page_of(template, layout=layout, form=shown_form, **context))
    if shown_form.has_errors:
        status = shown_form.status
    return Response(
        body,
        status_code=status,
        media_type="text/html",
        cookies=cookies,
    )


def bare_page(services: Services, template: str, **context: object) -> str:
    """The same with nobody in it: a page that stands on nothing of the request."""
    layout = Layout(territory=services.territory, csrf_token="", current_path="/")
    return page_of(template, layout=layout, form=Form(), **context)


def _with_what_was_typed(request: Request[Any, Any, Any], layout: Layout, written: Callable[[], str]) -> str:
    """The page; with its form filled and a word about it, where it takes up again what was typed before."""
    typed: Typed | None = request.scope["state"].get(TYPED)
    if typed is None:
        return written()
    layout.resumed = Resumed(is_there=True, left_over=(), files=typed.files)
    filled = refill(written(), typed)
    if filled.is_there and not filled.left_over:
        return filled.html
    layout.resumed = Resumed(filled.is_there, filled.left_over, typed.files)
    return refill(written(), typed).html


def redirect(
    request: Request[Any, Any, Any],
    url: str,
    *,
    done: str | None = None,
    warning: str | None = None,
    mailed: str = "",
) -> Redirect:
    """After a POST: go and see. `done` or `warning` is said on the page that comes next. `mailed` follows what is done
    and says of mails that they leave: it is only said where they can.
    """
    kind, words = ("success", done) if done else ("warning", warning)
    if done and mailed:
        words = f"{done}\u00a0; {mailed}." if services_of(request).mails_leave else f"{done}. {NO_MAIL_LEAVES}"
    return lead(request, Led(url, kind, words or ""))


class Led(NamedTuple):
    """Where somebody is led, and what is said there."""

    url: str
    kind: str
    words: str


def lead(request: Request[Any, Any, Any], to: Led) -> Redirect:
    request.scope["state"]["led"] = to
    cookies = []
    if to.words:
        carried = pack_flash(services_of(request).secret_key, to.kind, to.words)
        cookies.append(own_cookie(request, FLASH_COOKIE, carried, max_age=60))
    return Redirect(to.url, status_code=303, cookies=cookies)


def led(request: Request[Any, Any, Any]) -> Led | None:
    """Where the request's answer leads, if it does."""
    to: Led | None = request.scope["state"].get("led")
    return to
