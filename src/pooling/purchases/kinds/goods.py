from pooling.purchases.kinds.asking import QUANTITIES
from pooling.purchases.kinds.kind import Kind
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import CONSOLIDATED, CONVENED, RECEIVED, UNORDERED, Step
from pooling.purchases.models import PurchaseKind, PurchaseState

GOODS = Kind(
    name=PurchaseKind.GOODS,
    label="Des articles",
    hint="Chaque membre déclare les quantités dont il a besoin.",
    noun="Un achat d’articles",
    parts=frozenset(
        {
            *(Part.ITEMS, Part.COLLECTION, Part.NEEDS, Part.CONSOLIDATION, Part.COSTS, Part.PROCEDURE),
            *(Part.QUOTES, Part.ORDERS, Part.BILLS),
        }
    ),
    steps=(
        ("Préparation", PurchaseState.DRAFT),
        ("Déclarations", PurchaseState.OPEN),
        ("Consolidation", PurchaseState.CLOSED),
        ("Commande", PurchaseState.ORDERED),
        ("Livraison", PurchaseState.DELIVERED),
        ("Soldé", PurchaseState.SETTLED),
    ),
    by_hand=(
        Step(
            PurchaseState.ORDERED,
            "ordered",
            "Enregistrer la commande",
            "Enregistrer que la commande est passée ?",
            (
                "La collecte ne peut plus être rouverte.",
                "Les référents des participants reçoivent un courriel : la commande est passée.",
                "Cette étape n’envoie aucun bon de commande : préparez-les dans « Commandes ».",
            ),
            "La commande est enregistrée.",
            facts=(CONSOLIDATED, UNORDERED, CONVENED),
            subject="Commande passée",
            tells="La commande est passée : « Besoins » rappelle ce que {member} a déclaré. Vous n’avez rien à faire.",
        ),
        Step(
            PurchaseState.DELIVERED,
            "delivered",
            "Constater la livraison",
            "Constater que tout est livré ?",
            (
                "L’achat ne peut plus être annulé.",
                "Les référents des participants reçoivent un courriel : tout est livré.",
            ),
            "La livraison est constatée.",
            facts=(RECEIVED,),
            subject="Livré",
            tells="Tout est livré : vérifiez ce que {member} a reçu, et signalez une difficulté s’il manque quelque "
            "chose.",
        ),
        Step(
            PurchaseState.SETTLED,
            "settled",
            "Solder l’achat",
            "Solder cet achat ?",
            ("Ses coûts, sa procédure et ses conditions ne changent plus.", "Un solde ne se défait pas."),
            "L’achat est soldé.",
        ),
    ),
    without_items="Cet achat n’a pas encore d’article.",
    asking=QUANTITIES,
)
