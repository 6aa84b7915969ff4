"""What people are told by mail about their access."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pooling.members.models import Role
from pooling.members.people_queries import PersonShown
from pooling.members.words import ROLE_WORDS
from pooling.outbox.mail import Button, Fact, Mail
from pooling.reminders.kinds import Context

INVITATION = "members.invitation"
ASKED = "members.access_asked"
GRANTED = "members.access_granted"
REFUSED = "members.access_refused"
ADDRESS_CORRECTED = "members.address_corrected"
ADDRESS_PROPOSED = "members.address_proposed"
TO_AN_ADDRESS = (ADDRESS_CORRECTED, ADDRESS_PROPOSED)
"""Mails to an address, whoever has it; all others go to a person, wherever they are reached by now."""


@dataclass(frozen=True)
class Sender:
    """Who invites or answers: the one to ask."""

    name: str
    email: str


def invitation_mail(email: str, person_id: int, role: Role, of_what: str, sender: Sender, context: Context) -> Mail:
    """To somebody who was given a role. `of_what` is its member or purchase; nothing for a role of the group."""
    facts = (Fact("Votre rôle", ROLE_WORDS[role]), Fact("Pour", of_what))
    return _invitation(INVITATION, email, person_id, facts, sender, context)


def invitation_again_mail(email: str, person: PersonShown, sender: Sender, context: Context) -> Mail:
    """The same, of all the roles that somebody holds, to the address that they turn out to have."""
    roles = "\n".join(f"{role.word} – {role.of_what}" if role.of_what else role.word for role in person.roles)
    facts = (Fact("Votre rôle" if len(person.roles) == 1 else "Vos rôles", roles),)
    return _invitation(ADDRESS_CORRECTED, email, person.id, facts, sender, context)


def _invitation(kind: str, email: str, person_id: int, facts: Sequence[Fact], sender: Sender, context: Context) -> Mail:
    group = context.group_name
    known = (Fact("Groupe", group), *facts, Fact("Invitation de", f"{sender.name} ({sender.email})"))
    return Mail(
        kind=kind,
        recipient=email,
        person_id=person_id,
        subject=f"Votre accès au groupe « {group} »",
        why=f"{sender.name} vous donne accès au groupe d’achats « {group} » : ouvrez-le pour voir ce qui est "
        "attendu de vous.",
        paragraphs=("Pas de mot de passe à retenir : indiquez cette adresse électronique, un code vous y est envoyé.",),
        button=Button("Ouvrir le groupe", context.url("").rstrip("/")),
        facts=tuple(fact for fact in known if fact.value),
        reply_to=(sender.email,),
        notice=context.notice,
    )


def corrected_mail(former: str, person_id: int, sender: Sender, context: Context) -> Mail:
    """To the address that was wrong: whoever reads it hears no more, and of no other."""
    return Mail(
        kind=ADDRESS_CORRECTED,
        recipient=former,
        person_id=person_id,
        subject=f"Groupe « {context.group_name} » : cette adresse n’y est plus",
        why=f"Un accès au groupe « {context.group_name} » avait été donné à cette adresse. {sender.name} l’a "
        "corrigée : vous n’avez rien à faire.",
        contact=f"Si c’était la bonne, écrivez à {sender.email}.",
        reply_to=(sender.email,),
        notice=context.notice,
    )


def proposal_mail(recipient: str, person_id: int, proposed: str, sender: Sender, context: Context) -> Mail:
    """To both addresses: somebody has to agree, signed in, before the second one counts."""
    return Mail(
        kind=ADDRESS_PROPOSED,
        recipient=recipient,
        person_id=person_id,
        subject=f"Groupe « {context.group_name} » : changer votre adresse ?",
        why=f"{sender.name} propose que votre compte passe à l’adresse {proposed}. Rien n’a changé : si vous êtes "
        "d’accord, connectez-vous et confirmez.",
        paragraphs=(
            "La connexion se fait encore avec votre adresse actuelle ; un code part ensuite à la nouvelle.",
            "Vous ne lisez plus l’adresse actuelle ? Dites-le à qui le propose, qui peut vous inviter à la nouvelle.",
        ),
        button=Button(
            "Changer mon adresse", f"{context.base_url.rstrip('/')}/compte/adresse?nouvelle={quote(proposed)}"
        ),
        reply_to=(sender.email,),
        notice=context.notice,
    )


@dataclass(frozen=True)
class Asked:
    """A request for access, as its mails name it."""

    name: str
    email: str
    message: str


def request_mail(recipient: str, person_id: int, asked: Asked, asker: Sender, context: Context) -> Mail:
    """To a facilitator: somebody asks to come in."""
    return Mail(
        kind=ASKED,
        recipient=recipient,
        person_id=person_id,
        subject=f"Demande d’accès au groupe « {context.group_name} »",
        why=f"{asked.name} demande à entrer dans le groupe « {context.group_name} » que vous animez : acceptez ou "
        "refusez.",
        button=Button("Répondre à la demande", context.url("demandes")),
        facts=tuple(
            fact
            for fact in (
                Fact("Pour", f"{asked.name} ({asked.email})"),
                Fact("Demandé par", f"{asker.name} ({asker.email})" if asker.email != asked.email else ""),
                Fact("Message", asked.message),
            )
            if fact.value
        ),
        contact="Vérifiez par un autre moyen que cette personne est bien celle qu’elle dit être.",
        notice=context.notice,
    )


def acceptance_mail(recipient: str, person_id: int | None, asked: Asked, sender: Sender, context: Context) -> Mail:
    """To the référent who asked for a colleague."""
    return Mail(
        kind=GRANTED,
        recipient=recipient,
        person_id=person_id,
        subject=f"Accès accordé à {asked.name}",
        why=f"Vous aviez demandé un accès au groupe « {context.group_name} » pour {asked.name} : il est accordé, "
        "vous n’avez rien à faire.",
        button=Button("Ouvrir le groupe", context.url("").rstrip("/")),
        reply_to=(sender.email,),
        notice=context.notice,
    )


def refusal_mail(
    recipient: str, person_id: int | None, asked: Asked, reason: str, sender: Sender, context: Context
) -> Mail:
    """To who asked, with the reason."""
    whom = "" if recipient == asked.email else f" pour {asked.name}"
    return Mail(
        kind=REFUSED,
        recipient=recipient,
        person_id=person_id,
        subject=f"Demande d’accès au groupe « {context.group_name} » : réponse",
        why=f"Vous aviez demandé un accès au groupe « {context.group_name} »{whom} : il n’est pas accordé.",
        facts=(Fact("Motif", reason), Fact("Réponse de", f"{sender.name} ({sender.email})")),
        reply_to=(sender.email,),
        notice=context.notice,
    )
