from pooling.purchases.kinds.asking import TAKING_PART
from pooling.purchases.kinds.kind import Kind
from pooling.purchases.kinds.parts import Part
from pooling.purchases.kinds.steps import AGREED, CONVENED, JOINED, Step
from pooling.purchases.models import PurchaseKind, PurchaseState

SERVICE = Kind(
    name=PurchaseKind.SERVICE,
    label="Un service à frais partagés",
    hint="Un abonnement, une plateforme, une formation : chaque membre dit s’il participe, et ceux qui participent "
    "partagent des frais.",
    noun="Un service à frais partagés",
    parts=frozenset({Part.COLLECTION, Part.ANSWERS, Part.COSTS, Part.PROCEDURE, Part.BILLS}),
    steps=(
        ("Préparation", PurchaseState.DRAFT),
        ("Participation", PurchaseState.OPEN),
        ("Accord", PurchaseState.CLOSED),
        ("Commande", PurchaseState.ORDERED),
        ("Mise en service", PurchaseState.DELIVERED),
        ("Soldé", PurchaseState.SETTLED),
    ),
    by_hand=(
        Step(
            PurchaseState.ORDERED,
            "ordered",
            "Enregistrer la commande",
            "Enregistrer que le service est commandé ?",
            (
                "Qui participe ne change plus.",
                "Les référents de ceux qui participent reçoivent un courriel : le service est commandé.",
            ),
            "La commande est enregistrée.",
            facts=(JOINED, AGREED, CONVENED),
            subject="Service commandé",
            tells="Le service est commandé, et {member} y participe. Vous n’avez rien à faire.",
        ),
        Step(
            PurchaseState.DELIVERED,
            "in_service",
            "Constater la mise en service",
            "Constater que le service a commencé ?",
            (
                "L’achat ne peut plus être annulé.",
                "Les référents de ceux qui participent reçoivent un courriel : le service a commencé.",
            ),
            "La mise en service est constatée.",
            subject="En service",
            tells="Le service a commencé pour {member} : faites-le savoir aux agents, et signalez une difficulté si "
            "quelque chose ne va pas.",
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
    without_items="Cet achat n’a pas d’article : ceux qui participent partagent des frais communs, à voir dans "
    "« Coûts ».",
    due="Mise en service",
    asking=TAKING_PART,
    words={
        PurchaseState.OPEN: "Participation ouverte",
        PurchaseState.CLOSED: "À convenir",
        PurchaseState.DELIVERED: "En service",
    },
)
