from pooling.purchases.kinds.kind import Kind
from pooling.purchases.models import PurchaseKind, PurchaseState

GOODS = Kind(
    name=PurchaseKind.GOODS,
    label="Des articles",
    hint="Chaque membre déclare les quantités dont il a besoin.",
    collects=True,
    steps=(
        ("Préparation", PurchaseState.DRAFT),
        ("Déclarations", PurchaseState.OPEN),
        ("Consolidation", PurchaseState.CLOSED),
        ("Commande", PurchaseState.ORDERED),
        ("Livraison", PurchaseState.DELIVERED),
        ("Soldé", PurchaseState.SETTLED),
    ),
    without_items="Cet achat n’a pas encore d’article.",
)
