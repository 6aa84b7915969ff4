"""The French of the catalogue."""

PURCHASE_WORDS = {
    "goods": "des articles",
    "service": "un service à frais partagés",
    "staff_offer": "une offre aux agents",
    "outside": "un achat mené ailleurs",
}
"""What an action leads to buying."""
PART_WORDS = {
    "name": "le nom",
    "what": "ce que c’est",
    "kind": "ce qui suit",
    "specify": "ce qu’il faut préciser",
    "questions": "les questions à trancher",
    "vigilance": "les points de vigilance",
    "indicators": "les indicateurs",
    "items": "les articles habituels",
    "aids": "les aides",
    "quotas": "les quotas",
}
"""The parts of an entry, as its journal names them."""
