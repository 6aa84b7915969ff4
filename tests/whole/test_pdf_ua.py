"""Every PDF that the service makes passes every rule of PDF/UA-1: of each route, as the walk met it."""

import page

from ground.walk import Walk

MADE = {
    "/g/{group}/charte.pdf",
    "/g/{group}/indicateurs/bilan.pdf",
    "/g/{group}/achats/{reference}/commandes/{order_number}/bon-de-commande.pdf",
    "/g/{group}/achats/{reference}/couts/etats/{number}/releves/{member}",
    "/g/{group}/achats/{reference}/procedure/convention.pdf",
    "/g/{group}/achats/{reference}/procedure/convention/deliberations/{member}/deliberation.pdf",
    "/g/{group}/comites/{committee_id}/convocation.pdf",
    "/g/{group}/actions/{action}/fiche.pdf",
}
"""Of those, finance's and the group's own: none may be missing from the walk."""
FIRST_BYTES = b"%PDF-1."
"""Of what is made; files that somebody added are as they were handed in."""


async def test_every_pdf_passes_every_rule(walk: Walk) -> None:
    made = {
        step.route.template: step.answer.content
        for actor in ("buyer", "facilitator")
        for step in await walk.reads(actor)
        if step.answer.status_code == 200 and step.answer.content.startswith(FIRST_BYTES)
    }
    assert made.keys() >= MADE, sorted(made)
    for template, content in made.items():
        report = page.validate_pdf_bytes(content, profile="pdfua1")
        assert report.is_compliant, f"{template}: {report}"
