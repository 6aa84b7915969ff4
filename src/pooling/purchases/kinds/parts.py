"""The parts that a purchase may have: what its pages, the calls of programs and the use cases are about."""

from enum import StrEnum


class Part(StrEnum):
    ITEMS = "items"
    COLLECTION = "collection"
    """Something is asked of its members until a date."""
    NEEDS = "needs"
    """Members declare quantities of its items."""
    ANSWERS = "answers"
    """Members say whether they take part."""
    CONSOLIDATION = "consolidation"
    COSTS = "costs"
    PROCEDURE = "procedure"
    QUOTES = "quotes"
    """Suppliers' quotes are compared, and items awarded."""
    ORDERS = "orders"
    """What is bought is ordered from suppliers, and received."""
    BILLS = "bills"
    """Suppliers invoice it."""
    OFFER = "offer"
    """What a professional grants the agents of the members."""
    UPTAKE = "uptake"
    """Members say how many of their agents bought."""
    FOLLOWED = "followed"
    """It is run elsewhere: its days, documents and cost are kept."""


HELD = {
    Part.ITEMS: "des articles",
    Part.COSTS: "des frais ou des subventions",
    Part.PROCEDURE: "une procédure écrite",
    Part.OFFER: "une offre écrite",
    Part.FOLLOWED: "un suivi",
}
"""What a purchase in preparation may hold of a part already."""
LACKED = {
    Part.ITEMS: "d’articles",
    Part.COLLECTION: "de collecte",
    Part.NEEDS: "de quantités à déclarer",
    Part.ANSWERS: "de participation à confirmer",
    Part.CONSOLIDATION: "de consolidation",
    Part.COSTS: "de coûts à répartir",
    Part.PROCEDURE: "de procédure de commande publique",
    Part.QUOTES: "de devis à comparer",
    Part.ORDERS: "de bons de commande",
    Part.BILLS: "de factures à rapprocher",
    Part.OFFER: "d’offre aux agents",
    Part.UPTAKE: "de bilan des achats des agents",
    Part.FOLLOWED: "de suivi : il est mené ici",
}
"""How a sentence goes on about a kind that does not have it: « Un service n’a pas… »."""
