"""Pages that every public service owes its visitors: accessibility, legal notices, personal data."""

from typing import Any

from litestar import Request, Response, get

from pooling.web.layout import Link, render

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


ROUTES = [accessibility, legal_notices, personal_data]
