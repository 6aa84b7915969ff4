"""Pages that every public service owes its visitors: accessibility, legal notices, personal data, whom to tell of a
vulnerability.
"""

from datetime import timedelta
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException

from pooling.mail_addresses import is_address, sendable
from pooling.web.branding import Territory
from pooling.web.layout import Link, render
from pooling.web.services import services_of

FOOTER = (
    Link("Accessibilité", "/accessibilite"),
    Link("Mentions légales", "/mentions-legales"),
    Link("Données personnelles", "/donnees-personnelles"),
)


@get("/accessibilite", right="anyone")
async def accessibility(request: Request[Any, Any, Any]) -> Response[str]:
    return render(request, "about/accessibility.html")


@get("/mentions-legales", right="anyone")
async def legal_notices(request: Request[Any, Any, Any]) -> Response[str]:
    return render(request, "about/legal.html")


@get("/donnees-personnelles", right="anyone")
async def personal_data(request: Request[Any, Any, Any]) -> Response[str]:
    return render(request, "about/privacy.html")


TRUE_FOR = timedelta(days=180)
"""RFC 9116 wants an end, less than a year away; it is counted anew at each request."""


@get("/.well-known/security.txt", right="anyone")
async def security_txt(request: Request[Any, Any, Any]) -> Response[str]:
    """Whom to tell of a vulnerability (RFC 9116); where no address is set to write to, there is no such file."""
    services = services_of(request)
    territory: Territory = services.territory
    contact = territory.contact.strip()
    if not is_address(contact):
        raise NotFoundException
    until = (services.clock.now() + TRUE_FOR).replace(microsecond=0)
    lines = (
        f"Contact: mailto:{sendable(contact)}",
        f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: fr, en",
        f"Canonical: {services.settings.base_url.rstrip('/')}/.well-known/security.txt",
    )
    return Response("".join(f"{line}\n" for line in lines), media_type="text/plain")


ROUTES = [accessibility, legal_notices, personal_data, security_txt]
