"""What the gallery's pages show, as a handler would pass it. The figures, people and prices are invented."""

from collections.abc import Iterator
from typing import Any

from browser.gallery.figures import STEPS, allocation, consolidation, grid
from pooling.web.branding import Territory
from pooling.web.forms import Form
from pooling.web.layout import GroupShown, Layout, Link, Viewer

GROUP = "Mobilité durable du Bassin d’Arcachon"


def layout(current: str, breadcrumb: list[tuple[str, str | None]], flash: list[dict[str, str]] | None = None) -> Layout:
    entries = (
        "À faire",
        "Achats groupés",
        "Comités",
        "Actions",
        "Finances",
        "Retours d’expérience",
        "Indicateurs",
    )
    return Layout(
        territory=Territory(name="Pays du Bassin d’Arcachon – Val de l’Eyre", contact="achats@exemple.fr"),
        csrf_token="jeton",
        current_path="/",
        notice="Démonstration : les déclarations, les personnes et les prix sont fictifs.",
        group=GroupShown(GROUP, "/g/mobilite"),
        groups=[
            GroupShown(GROUP, "/g/mobilite", current=True),
            GroupShown("Numérique sobre", "/g/numerique"),
        ],
        person=Viewer("Camille Durand", "Référente · Mios", "/compte"),
        navigation=[Link(label, f"/{n}", label == current) for n, label in enumerate((*entries, "Membres", "Journal"))],
        breadcrumb=[Link(label, url) for label, url in breadcrumb],
        tabs=[
            Link(label, f"/section/{n}", n == (1 if current == "Achats groupés" else 0))
            for n, label in enumerate(
                ("Vue d’ensemble", "Besoins", "Consolidation", "Commande", "Coûts", "Documents", "Journal")
            )
        ],
        flash=flash or [],
    )


COMMITTEE = Form(
    values={"mode": "remote", "title": "Comité n° 4 <b>", "length": "deux heures", "place": "b"},
    errors={
        "day": "Indiquez le jour du comité.",
        "length": "Indiquez un nombre entier, par exemple 90.",
        "mode": "Choisissez comment se tient la réunion.",
        "purchases": "Choisissez au moins un achat.",
    },
    lists={"purchases": ["2"]},
)
PROGRESS = {
    "job_title": "Export de l’année 2027",
    "job_label": "Préparation du fichier",
    "job_done": 12_000,
    "job_total": 35_000,
    "job_text": "12 000 lignes sur 35 000",
}
CLOSING = {
    "question": "Fermer les déclarations dès maintenant ?",
    "consequences": [
        "Deux membres n’ont pas déposé : ils compteront pour zéro.",
        "Plus personne ne pourra modifier sa déclaration.",
    ],
    "action_url": "/fermer",
    "action_label": "Fermer les déclarations",
    "cancel_url": "/achat",
    "danger": True,
}
SAID = [
    {"kind": "success", "text": "Votre brouillon est enregistré."},
    {"kind": "info", "text": "Le comité du 6 avril a changé de lieu."},
]


def pages() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each page's name, template and context."""
    purchases = [("Achats groupés", "/achats"), ("Stationnement vélo", "/achats/3"), ("Besoins", None)]
    wrong = grid(
        {"arch": "24", "rack": "deux", "abri": "", "pompe": "2"},
        {
            "rack": "Indiquez un nombre entier, par exemple 12.",
            "abri": "Indiquez un nombre, ou 0 si vous n’en avez pas besoin.",
        },
    )
    yield "home", "home.html", {"layout": layout("À faire", [], SAID)}
    yield "purchase", "purchase.html", {"layout": layout("", purchases[:2]), "steps": STEPS}
    yield "declaration", "declaration.html", {"layout": layout("Achats groupés", list(purchases)), **wrong}
    yield (
        "consolidation",
        "consolidation.html",
        {"layout": layout("Achats groupés", list(purchases)), **consolidation()},
    )
    yield (
        "allocation",
        "allocation.html",
        {"layout": layout("Finances", [("Finances", None)]), **allocation()},
    )
    yield (
        "form",
        "form.html",
        {"layout": layout("Comités", [("Comités", "/c"), ("Nouveau", None)]), "form": COMMITTEE},
    )
    yield "error", "error.html", {"layout": layout("", []), "error_status": 404}
    yield "progress", "progress_page.html", {"layout": layout("", []), **PROGRESS}
    yield "confirm", "confirm_page.html", {"layout": layout("Achats groupés", list(purchases)), **CLOSING}
    yield "reading", "reading.html", {"layout": layout("", [("Données personnelles", None)])}
