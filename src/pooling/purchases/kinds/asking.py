"""What a kind asks of its members while its collection is open, in words. `{member}` and `{of_member}` name a member,
`{members}` several of them, `{until}` says until when.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Asking:
    section: str
    """Where it is answered, from the purchase on."""
    collected: str
    """What the collection is of: « la collecte des besoins »."""
    answer: str
    """What a member files: a feminine noun."""
    files: str
    """What is expected of the référent of a member that has said nothing."""
    act: str
    """The button for it."""
    invites: str
    """The subject of the mail that says so."""
    asks: str
    """How that mail goes on, told to the référent: « Vous êtes référent de Lugos : … »."""
    due: str
    """The subject of a reminder."""
    reminds: str
    fills_in: str
    """What the form says first."""
    nothing: str
    """The answer that there is nothing to declare."""
    still_open: str
    """What opening does, for whoever is about to."""
    silence: str
    """What comes of those who say nothing; empty: nothing does."""
    total: str
    """How what everybody filed is called, added up."""
    unasked: str
    """What a mail says once the purchase is given up, of what the member wanted."""
    closed: str
    """The subject of the mail to the lead buyer once it is closed."""
    closed_next: str
    """What that mail asks for."""
    next_path: str
    """Where that is done, from the purchase on."""
    next_label: str


QUANTITIES = Asking(
    section="/besoins",
    collected="des besoins",
    answer="déclaration",
    files="Déclarer les besoins {of_member}",
    act="Déclarer",
    invites="Déclarez vos besoins {until}",
    asks="déclarez ses besoins {until}, même s’il n’y en a aucun.",
    due="Besoins à déclarer {until}",
    reminds="Aucune déclaration n’est déposée pour {members} : déclarez les besoins {until}, même s’il n’y en a aucun.",
    fills_in="Indiquez les quantités dont {member} a besoin",
    nothing="Nous n’avons pas de besoin",
    still_open="Les référents de tous les participants peuvent déclarer leurs besoins jusqu’à la date que vous fixez.",
    silence="",
    total="Total des besoins déposés",
    unasked="les besoins {of_member} ne seront pas commandés",
    closed="Collecte close, à consolider",
    closed_next="Figez la consolidation dès maintenant pour pouvoir commander.",
    next_path="/consolidation",
    next_label="Voir la consolidation",
)
TAKING_PART = Asking(
    section="/participation",
    collected="des participations",
    answer="réponse",
    files="Dire si {member} participe",
    act="Répondre",
    invites="Participez-vous ? Répondez {until}",
    asks="dites {until} s’il participe, et pour combien d’agents. Sans réponse, il ne participera pas.",
    due="Participation à confirmer {until}",
    reminds="Aucune réponse pour {members} : dites {until} si vous participez. Sans réponse, vous ne participerez pas.",
    fills_in="Dites si {member} participe",
    nothing="Nous ne participons pas",
    still_open="Les référents de tous les membres invités disent s’ils participent, jusqu’à la date que vous fixez.",
    silence="Qui n’a pas répondu ne participe pas et ne paie rien.",
    total="Qui participe",
    unasked="il n’y aura rien à payer pour {member}",
    closed="Participations connues, à chiffrer",
    closed_next="Figez l’état de répartition : c’est l’accord de tous, qui permet de commander.",
    next_path="/couts",
    next_label="Voir les coûts",
)
INTEREST = Asking(
    section="/besoins",
    collected="des intentions",
    answer="déclaration",
    files="Dire combien d’agents {of_member} sont intéressés",
    act="Répondre",
    invites="Combien d’agents intéressés ? Répondez {until}",
    asks="dites {until} combien de ses agents sont intéressés, et par quoi, même s’il n’y en a aucun.",
    due="Agents intéressés à compter {until}",
    reminds="Aucune réponse pour {members} : dites {until} combien d’agents sont intéressés, même s’il n’y en a aucun.",
    fills_in="Indiquez combien d’agents {of_member} sont intéressés, et par quoi",
    nothing="Aucun agent n’est intéressé",
    still_open="Les référents de tous les participants disent combien d’agents sont intéressés, jusqu’à la date que "
    "vous fixez.",
    silence="",
    total="Agents intéressés, au total",
    unasked="l’offre ne sera pas négociée pour les agents {of_member}",
    closed="Intentions connues, offre à négocier",
    closed_next="Négociez avec le professionnel, puis écrivez et publiez l’offre.",
    next_path="/offre",
    next_label="Voir l’offre",
)
