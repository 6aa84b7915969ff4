"""The web side: the routes of every feature under the guards that they share, the navigation, and who is here."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from litestar import Litestar, Request, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from pooling.accounts import address_pages, kept_pages, sign_in_pages, token_pages
from pooling.accounts import pages as accounts
from pooling.accounts.bearer import provide_holder
from pooling.accounts.door import admit_person
from pooling.accounts.middleware import SignInMiddleware
from pooling.accounts.sessions import EnteredGroup, SignedIn
from pooling.demo import feature as demo
from pooling.demo import pages as demo_pages
from pooling.features import FEATURES
from pooling.members import administration_pages
from pooling.members.api_entrance import provide_token_here
from pooling.members.entrance import provide_here, require_whole_rights
from pooling.members.features import Entry, Feature, Features, features_of, gather_features
from pooling.members.rights import Caller
from pooling.members.words import ROLE_WORDS
from pooling.outbox.mail import FICTIONAL
from pooling.reminders.configuration import ReminderConfiguration, read_reminders
from pooling.web import about, api_reference, assets, errors, health, metrics
from pooling.web.api import PREFIX
from pooling.web.bodies import LARGEST_BODY
from pooling.web.branding import logo_content, read_territory
from pooling.web.caches import keep_nothing_of_requests
from pooling.web.edge import behind_edge
from pooling.web.forms import provide_form
from pooling.web.head import answering_head, telling_options
from pooling.web.layout import NO_MAIL_LEAVES, GroupShown, Layout, Link, Viewer
from pooling.web.routing import AllRoutes, Routes
from pooling.web.security import add_headers
from pooling.web.services import Services, services_of
from pooling.web.watching import traced, watched

GROUND: Sequence[ControllerRouterHandler] = (
    *accounts.ROUTES,
    *address_pages.ROUTES,
    *kept_pages.ROUTES,
    *token_pages.ROUTES,
    *about.ROUTES,
    *api_reference.ROUTES,
    *assets.ROUTES,
    *health.ROUTES,
    *metrics.ROUTES,
)
"""What every feature stands on has pages too."""
ENTRANCE: Sequence[ControllerRouterHandler] = sign_in_pages.ROUTES
"""Where people come in; the demonstration has another."""


def create_app(services: Services, *, features: Sequence[Feature] = FEATURES, demonstration: bool = False) -> Litestar:
    """The application. The demonstration's own pages exist only where it is asked for."""
    entrance = demo_pages.FRONT if demonstration else ENTRANCE
    features = (*features, demo.FEATURE) if demonstration else features
    group_router = Routes(
        "/g/{group:str}",
        route_handlers=[handler for feature in features for handler in feature.pages],
        dependencies={"here": Provide(provide_here)},
    )
    front = [handler for feature in features for handler in feature.front]
    app = Litestar(
        route_handlers=[AllRoutes([group_router, api_router(features), *GROUND, *entrance, *front])],
        dependencies={"form": Provide(provide_form)},
        middleware=[SignInMiddleware()],
        before_request=admit_person,
        before_send=[add_headers],
        exception_handlers=errors.HANDLERS,
        state=State({"services": _complete(services, features, demonstration=demonstration)}),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=LARGEST_BODY,
    )
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            require_whole_rights(handler)
    keep_nothing_of_requests(app)
    app.asgi_handler = answering_head(traced(app, watched(app, behind_edge(telling_options(app, app.asgi_handler)))))
    return app


def api_router(features: Sequence[Feature]) -> Router:
    """The JSON interface: the same use cases and rights as the pages, for programs that carry a token."""
    of_a_group = Routes(
        "/groups/{group:str}",
        route_handlers=[handler for feature in features for handler in feature.api],
        dependencies={"here": Provide(provide_token_here)},
    )
    front = [handler for feature in features for handler in feature.api_front]
    return Routes(PREFIX, route_handlers=[*front, of_a_group], dependencies={"holder": Provide(provide_holder)})


def _complete(services: Services, features: Sequence[Feature], *, demonstration: bool) -> Services:
    """With what the configuration and the features add."""
    config_dir = services.settings.config_dir
    territory, reminders = read_territory(config_dir), read_reminders(config_dir)
    gathered = gather_features(features, config_dir, reminders)
    return replace(
        services,
        database=services.database.handing(gathered),
        territory=territory,
        logo=logo_content(config_dir, territory),
        layout_of=layout_of,
        demonstration=demonstration,
        parts={**gathered.configurations, ReminderConfiguration: reminders, Features: gathered},
    )


def layout_of(request: Request[Any, Any, Any]) -> Layout:
    """Who is here, in which group, and where they may go. Runs no query: all of it was read on the way in."""
    services = services_of(request)
    person: SignedIn | None = request.scope.get("user")
    group: EnteredGroup | None = request.scope["state"].get("group")
    caller: Caller | None = request.scope["state"].get("caller")
    path: str = request.scope["path"]
    layout = Layout(
        territory=services.territory,
        csrf_token="",
        current_path=path,
        notice=_notice(services, group),
        footer=about.FOOTER,
    )
    if person is not None:
        layout.person = Viewer(person.name, _roles(caller), account_url="/compte")
        layout.groups = [GroupShown(g.name, f"/g/{g.slug}", g == group) for g in person.groups]
    if group is not None and caller is not None:
        base = f"/g/{group.slug}"
        layout.group = GroupShown(group.name, base, current=True)
        features = features_of(request)
        layout.navigation = [
            Link(entry.label, base + entry.path, _is_here(path.removeprefix(base), entry, features))
            for entry in features.navigation
            if caller.may_somewhere(entry.right)
        ]
    if person is not None and person.administrator:
        layout.navigation.append(Link("Administration", administration_pages.BASE, path.startswith("/administration/")))
    return layout


def _notice(services: Services, group: EnteredGroup | None) -> str | None:
    """What is to be known on every page."""
    fictional = services.demonstration or (group is not None and group.fictional)
    return " ".join([FICTIONAL] * fictional + [NO_MAIL_LEAVES] * (not services.mails_leave)) or None


def _roles(caller: Caller | None) -> str:
    if caller is None:
        return ""
    held = {role.role for role in caller.roles}
    return ", ".join(word for role, word in ROLE_WORDS.items() if role in held)


def _is_here(path: str, entry: Entry, features: Features) -> bool:
    """Whether this page of the group stands under the entry."""
    if not entry.path:
        return path in {"", "/"}
    under = (entry.path, *entry.also_here, *(section.path for section in features.sections(entry.path)))
    return path.startswith(under)
