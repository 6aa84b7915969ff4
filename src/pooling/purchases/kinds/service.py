from pooling.purchases.kinds.kind import Kind
from pooling.purchases.models import PurchaseKind, PurchaseState

SERVICE = Kind(
    name=PurchaseKind.SERVICE,
    label="Un service à frais partagés",
    hint="Un abonnement, une formation : les membres n’ont rien à déclarer, ils partagent des frais.",
    collects=False,
    steps=(
        ("Préparation", PurchaseState.DRAFT),
        ("Commande", PurchaseState.ORDERED),
        ("Mise en service", PurchaseState.DELIVERED),
        ("Soldé", PurchaseState.SETTLED),
    ),
    without_items="Cet achat n’a pas d’article : les membres partagent des frais communs, à voir dans « Coûts ».",
    hidden_sections=frozenset({"/besoins", "/consolidation", "/livraisons"}),
    words={PurchaseState.DELIVERED: "En service"},
)
