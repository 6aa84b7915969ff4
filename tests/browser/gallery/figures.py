"""The gallery's figures: needs, tiers and costs of twenty members. Invented."""

from typing import Any

from pooling.web.forms import Form
from pooling.web.typography import euros, number

MEMBERS = (
    ("Andernos-les-Bains", 42),
    ("Arcachon", 36),
    ("Arès", 18),
    ("Audenge", 22),
    ("Belin-Béliet", 12),
    ("Biganos", 30),
    ("CC du Val de l’Eyre", 16),
    ("COBAN – Bassin d’Arcachon Nord", 28),
    ("COBAS – Bassin d’Arcachon Sud", 26),
    ("Gujan-Mestras", 54),
    ("La Teste-de-Buch", 68),
    ("Lanton", 14),
    ("Le Barp", 10),
    ("Le Teich", 0),
    ("Lège-Cap-Ferret", 20),
    ("Lugos", 4),
    ("Marcheprime", 8),
    ("Mios", 24),
    ("Saint-Magne", 3),
    ("Salles", 0),
)


STEPS = [
    {"label": "Préparation", "date": "12/01/2027", "state": "done"},
    {"label": "Déclarations", "date": "jusqu’au 30/03/2027", "state": "current"},
    {"label": "Consolidation", "date": "02/04/2027", "state": "to_come"},
    {"label": "Commande", "date": "15/04/2027", "state": "to_come"},
    {"label": "Livraison", "date": "01/06/2027", "state": "to_come"},
    {"label": "Soldé", "date": None, "state": "to_come"},
]

ITEMS = (
    ("arch", "Arceau vélo simple", "Acier galvanisé, à sceller, deux vélos", 6_400, "arceaux"),
    ("rack", "Rack 5 places", "Fixation au sol, accroche du cadre", 31_250, "racks"),
    (
        "abri",
        "Abri vélos 10 places",
        "Toiture transparente, pose comprise, fondations non comprises",
        489_000,
        "abris",
    ),
    (
        "pompe",
        "Station de gonflage et de réparation",
        "Pompe à pied, neuf outils attachés",
        118_900,
        "stations",
    ),
)


def grid(values: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    rows = [
        {
            "field": field,
            "name": name,
            "about": about,
            "unit": unit,
            "price": euros(cents),
            "price_cents": cents,
            "amount": euros(cents * int(values[field])) if values.get(field, "").isdigit() else None,
        }
        for field, name, about, cents, unit in ITEMS
    ]
    return {"form": Form(values=values, errors=errors), "rows": rows}


def consolidation() -> dict[str, Any]:
    columns = [
        {"label": "Membre", "sort_url": "?tri=membre", "sorted": "ascending"},
        {"label": "Déclaration"},
        {"label": "Arceaux", "numeric": True, "unit": "unités"},
        {"label": "Racks", "numeric": True, "unit": "unités"},
        {"label": "Montant estimé", "numeric": True, "unit": "HT", "sort_url": "?tri=montant"},
    ]
    rows = []
    for name, arches in MEMBERS:
        racks = arches // 5
        rows.append(
            (
                name,
                "filed" if arches else "missing",
                number(arches),
                number(racks),
                euros(arches * 6400 + racks * 31250),
            )
        )
    total = sum(arches for _, arches in MEMBERS)
    racks = sum(arches // 5 for _, arches in MEMBERS)
    return {
        "columns": columns,
        "members": rows,
        "total": [None, number(total), number(racks), euros(total * 6400 + racks * 31250)],
        "coverage": [
            {
                "label": name,
                "value": arches,
                "text": f"{number(arches)} arceaux",
                "detail": "Déclaration déposée." if arches else "Pas encore déclaré.",
            }
            for name, arches in MEMBERS
        ],
        "parts": [
            {"label": "déposées", "value": 18, "text": "18 déposées"},
            {"label": "brouillons", "value": 1, "text": "1 brouillon"},
            {"label": "manquantes", "value": 1, "text": "1 non commencée"},
        ],
        "quantity": total,
        "tiers": [
            {"threshold": 1, "price": "64,00 €"},
            {"threshold": 100, "price": "61,50 €"},
            {"threshold": 250, "price": "58,00 €"},
            {"threshold": 500, "price": "54,00 €"},
        ],
    }


def allocation() -> dict[str, Any]:
    labels = ("Membre", "Matériel", "Livraison", "Frais mutualisés", "Subvention", "TVA", "À payer")
    columns = [{"label": label, "numeric": n > 0, **({"unit": "€"} if n else {})} for n, label in enumerate(labels)]
    columns[-1]["unit"] = "€ TTC"
    rows, chart, sums = [], [], [0] * 6
    for name, arches in MEMBERS:
        goods, delivery, shared = arches * 5800, arches * 310, 4200 + arches * 17
        subsidy = -(goods * 3 // 10)
        tax = (goods + delivery + shared) // 5
        cents = [goods, delivery, shared, subsidy, tax, goods + delivery + shared + subsidy + tax]
        sums = [a + b for a, b in zip(sums, cents, strict=True)]
        rows.append([name, *(euros(c).removesuffix("\u00a0€") for c in cents)])
        parts = [goods + subsidy, delivery, shared, tax]
        chart.append(
            {
                "label": name,
                "values": parts,
                "text": euros(cents[-1]),
                "detail": f"Matériel {euros(parts[0])}, livraison {euros(delivery)}, "
                f"frais {euros(shared)}, TVA {euros(tax)}.",
            }
        )
    total = [euros(c).removesuffix("\u00a0€") for c in sums]
    return {"columns": columns, "rows": rows, "total": total, "chart": chart}
