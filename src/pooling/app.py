"""The web side's table of contents: every feature's routes, the navigation, and who is here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from litestar import Litestar, Request, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from pooling.accounts import pages as accounts
from pooling.accounts import sign_in_pages, token_pages
from pooling.accounts.bearer import provide_holder
from pooling.accounts.middleware import SignInMiddleware
from pooling.accounts.sessions import EnteredGroup, SignedIn
from pooling.allocation import api as allocation_api
from pooling.allocation import pages as allocation
from pooling.allocation.configuration import read_finance
from pooling.committees import page as committee_page
from pooling.committees.agendas import api as agenda_api
from pooling.committees.agendas import difficulty_api, difficulty_pages
from pooling.committees.agendas import file_pages as pieces_pages
from pooling.committees.agendas import pages as agenda_pages
from pooling.committees.calendars import pages as feed_pages
from pooling.committees.convocations import pages as convening_pages
from pooling.committees.decisions import api as decision_api
from pooling.committees.decisions import board_pages
from pooling.committees.decisions import effect_pages as acting_pages
from pooling.committees.decisions import follow_up_pages as following_pages
from pooling.committees.decisions import pages as decision_pages
from pooling.committees.invitations import answering_pages as answer_pages
from pooling.committees.invitations import api as answers_api
from pooling.committees.invitations import attendance_pages, guest_pages
from pooling.committees.invitations import pages as committee_people_pages
from pooling.committees.meetings import api as committees_api
from pooling.committees.meetings import pages as committees
from pooling.committees.minutes import pages as minutes_pages
from pooling.committees.minutes import publishing_pages, search_pages
from pooling.demo import pages as demo
from pooling.home import pages as home
from pooling.home.dated import dated_ahead
from pooling.home.leaving import warnings_on_leaving
from pooling.home.reminder_kinds import reminder_kinds
from pooling.journal import api as home_api
from pooling.journal import pages as journal_pages
from pooling.mailroom import choice_pages as mail_choice_pages
from pooling.mailroom import failure_pages as failed_mail_pages
from pooling.mailroom import one_click_pages as refusing_pages
from pooling.mailroom import pages as reminder_pages
from pooling.mailroom import setting_pages as reminder_setting_pages
from pooling.members import (
    administration_pages,
    answering_pages,
    asking_pages,
    inviting_pages,
    people_pages,
    role_pages,
    settings_pages,
)
from pooling.members import api as members_api
from pooling.members import pages as members
from pooling.members.api_entrance import provide_token_group, provide_token_session
from pooling.members.entrance import provide_caller, provide_group, provide_now, provide_session
from pooling.members.feature import Features, Tab
from pooling.members.rights import Caller, Right
from pooling.members.words import ROLE_WORDS
from pooling.needs import amendment_pages, collection_api, collection_pages, consolidation_pages
from pooling.needs import api as needs_api
from pooling.needs import pages as needs
from pooling.outbox.mail import FICTIONAL
from pooling.purchases import api as purchases_api
from pooling.purchases import buyers_pages, preparing_pages
from pooling.purchases import pages as purchases
from pooling.reminders.configuration import read_reminders
from pooling.web import about, api_reference, assets, errors, health
from pooling.web.admission import admit
from pooling.web.api import PREFIX
from pooling.web.bodies import LARGEST_BODY
from pooling.web.branding import logo_content, read_territory
from pooling.web.caches import keep_nothing_of_requests
from pooling.web.edge import guarded
from pooling.web.forms import provide_form
from pooling.web.head import answering_head
from pooling.web.layout import GroupShown, Layout, Link, PersonShown
from pooling.web.security import add_headers
from pooling.web.services import Services, services_of

NAVIGATION: Sequence[tuple[str, str, Right]] = (
    ("À faire", "", Right.SEE_GROUP),
    ("Achats groupés", "/achats", Right.SEE_GROUP),
    ("Comités", "/comites", Right.SEE_GROUP),
    ("Membres", "/membres", Right.SEE_GROUP),
    ("Journal", journal_pages.SECTION, Right.SEE_JOURNAL),
)

ALSO_UNDER: Mapping[str, tuple[str, ...]] = {
    "/membres": ("/personnes", "/demande", "/reglages"),
    "/comites": ("/calendrier", "/relances"),
}
"""Pages that stand under a main entry without its address."""

PURCHASE_TABS: Sequence[Tab] = (
    Tab("En bref", "", Right.SEE_GROUP),
    Tab("Besoins", needs.SECTION, Right.SEE_TOTALS),
    Tab("Consolidation", consolidation_pages.SECTION, Right.SEE_ALL_NEEDS),
    Tab("Coûts", allocation.SECTION, Right.SEE_TOTALS),
    Tab("Journal", journal_pages.SECTION, Right.SEE_JOURNAL),
)

OF_A_GROUP: Sequence[ControllerRouterHandler] = (
    *home.ROUTES,
    *purchases.ROUTES,
    *preparing_pages.ROUTES,
    *needs.ROUTES,
    *amendment_pages.ROUTES,
    *collection_pages.ROUTES,
    *consolidation_pages.ROUTES,
    *allocation.ROUTES,
    *committees.ROUTES,
    *answer_pages.ROUTES,
    *committee_people_pages.ROUTES,
    *attendance_pages.ROUTES,
    *guest_pages.ROUTES,
    *board_pages.ROUTES,
    *search_pages.ROUTES,
    *feed_pages.ROUTES,
    *minutes_pages.ROUTES,
    *publishing_pages.ROUTES,
    *decision_pages.ROUTES,
    *acting_pages.ROUTES,
    *following_pages.ROUTES,
    *agenda_pages.ROUTES,
    *convening_pages.ROUTES,
    *difficulty_pages.ROUTES,
    *pieces_pages.ROUTES,
    *members.ROUTES,
    *people_pages.ROUTES,
    *role_pages.ROUTES,
    *inviting_pages.ROUTES,
    *asking_pages.ROUTES,
    *answering_pages.ROUTES,
    *settings_pages.ROUTES,
    *buyers_pages.ROUTES,
    *journal_pages.ROUTES,
    *mail_choice_pages.ROUTES,
    *reminder_pages.ROUTES,
    *failed_mail_pages.ROUTES,
    *reminder_setting_pages.ROUTES,
)
OF_NO_GROUP: Sequence[ControllerRouterHandler] = (
    *home.FRONT,
    *refusing_pages.FRONT,
    *accounts.ROUTES,
    *asking_pages.FRONT,
    *administration_pages.ROUTES,
    *token_pages.ROUTES,
    *feed_pages.FRONT,
    *about.ROUTES,
    *api_reference.ROUTES,
    *assets.ROUTES,
    *health.ROUTES,
)
API_OF_A_GROUP: Sequence[ControllerRouterHandler] = (
    *members_api.ROUTES,
    *purchases_api.ROUTES,
    *needs_api.ROUTES,
    *collection_api.ROUTES,
    *allocation_api.ROUTES,
    *committees_api.ROUTES,
    *answers_api.ROUTES,
    *agenda_api.ROUTES,
    *decision_api.ROUTES,
    *difficulty_api.ROUTES,
    *home_api.ROUTES,
)


def create_app(services: Services, *, demonstration: bool = False) -> Litestar:
    """The application. The demonstration's own pages exist only where it is asked for."""
    entrance = demo.FRONT if demonstration else sign_in_pages.ROUTES
    tenant = [*OF_A_GROUP, *(demo.ROUTES if demonstration else [])]
    group_router = Router(
        "/g/{group:str}",
        route_handlers=tenant,
        dependencies={
            "entered_group": Provide(provide_group, sync_to_thread=False),
            "session": Provide(provide_session),
            "caller": Provide(provide_caller, sync_to_thread=False),
        },
    )
    app = Litestar(
        route_handlers=[group_router, _api_router(), *OF_NO_GROUP, *entrance],
        dependencies={"form": Provide(provide_form), "now": Provide(provide_now, sync_to_thread=False)},
        middleware=[SignInMiddleware()],
        before_request=admit,
        before_send=[add_headers],
        exception_handlers=errors.HANDLERS,
        state=State({"services": _complete(services, demonstration=demonstration)}),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=LARGEST_BODY,
    )
    keep_nothing_of_requests(app)
    app.asgi_handler = guarded(answering_head(app.asgi_handler))
    return app


def _api_router() -> Router:
    """The JSON interface: the same use cases and rights as the pages, for programs that carry a token."""
    of_a_group = Router(
        "/groups/{group:str}",
        route_handlers=API_OF_A_GROUP,
        dependencies={
            "entered_group": Provide(provide_token_group, sync_to_thread=False),
            "session": Provide(provide_token_session),
            "caller": Provide(provide_caller, sync_to_thread=False),
        },
    )
    return Router(
        PREFIX, route_handlers=[*members_api.FRONT, of_a_group], dependencies={"holder": Provide(provide_holder)}
    )


def _complete(services: Services, *, demonstration: bool) -> Services:
    """With what the configuration and the features add."""
    config_dir = services.settings.config_dir
    territory, reminders = read_territory(config_dir), read_reminders(config_dir)
    parts = (
        read_finance(config_dir),
        reminders,
        Features(reminder_kinds(reminders), PURCHASE_TABS, committee_page.SECTIONS, warnings_on_leaving, dated_ahead),
    )
    return replace(
        services,
        territory=territory,
        logo=logo_content(config_dir, territory),
        layout_of=layout_of,
        demonstration=demonstration,
        parts={type(part): part for part in parts},
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
        notice=FICTIONAL if services.demonstration or (group is not None and group.fictional) else None,
        footer=about.FOOTER,
    )
    if person is not None:
        layout.person = PersonShown(person.name, _roles(caller), account_url="/compte")
        layout.groups = [GroupShown(g.name, f"/g/{g.slug}", g == group) for g in person.groups]
    if group is not None and caller is not None:
        base = f"/g/{group.slug}"
        layout.group = GroupShown(group.name, base, current=True)
        entries = [*NAVIGATION, *(demo.NAVIGATION if services.demonstration else ())]
        layout.navigation = [
            Link(label, base + address, _is_here(path, base, address))
            for label, address, right in entries
            if caller.may_somewhere(right)
        ]
    if person is not None and person.administrator:
        layout.navigation.append(Link("Administration", administration_pages.BASE, path.startswith("/administration/")))
    return layout


def _roles(caller: Caller | None) -> str:
    if caller is None:
        return ""
    held = {role.role for role in caller.roles}
    return ", ".join(word for role, word in ROLE_WORDS.items() if role in held)


def _is_here(path: str, base: str, address: str) -> bool:
    if not address:
        return path.rstrip("/") == base
    return any(path.startswith(base + under) for under in (address, *ALSO_UNDER.get(address, ())))
