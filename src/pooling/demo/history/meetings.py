"""The committees of two years, one a quarter: agenda, who came, minutes, what was decided and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from pooling.actions.acts import ACTS
from pooling.actions.models import Action
from pooling.committees.decisions.carrying_out import apply_decision
from pooling.committees.decisions.following_up import settle_decision
from pooling.committees.decisions.models import DecisionState
from pooling.committees.decisions.recording import add_decision, give_effect
from pooling.committees.decisions.schemas import DecisionIn
from pooling.committees.invitations.attendance import tick_attendance
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.minutes.publishing import publish_minutes
from pooling.committees.minutes.writing import save_minutes
from pooling.committees.models import Invitation
from pooling.demo.actions import FIRST_BIKES, FIRST_CARS, RACKS, SHARED_CARS
from pooling.demo.buying import ZONE
from pooling.demo.committees import INVITED, nearest
from pooling.demo.history.choosing import FIRST_ROUND
from pooling.demo.history.goods import CARS, FIRST_RACKS, SHARED_DESKS
from pooling.demo.history.services import TRIAL
from pooling.demo.history.telling import Past, Story
from pooling.demo.purchases import COBAS
from pooling.demo.territory import BUYER, FACILITATOR, referent_of
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import insert_many
from pooling.members.acts import Act, NoTerms
from pooling.purchases.models import Purchase
from pooling.rounds.acts import ADOPT
from pooling.rounds.models import Round
from pooling.satisfaction.models import Opinion

_ACTS = {act.name: act for act in ACTS} | {ADOPT.name: ADOPT}
THOUGHT = (
    "Plus court, et les chiffres avant la réunion.",
    "Le tour de table a servi.",
    "Une visite sur place la prochaine fois ?",
)
FINISH, SET_ASIDE = "finish_action", "set_aside_action"
TABLES: Mapping[str, Any] = {"action": Action, "purchase": Purchase, "round": Round}


@dataclass(frozen=True)
class Decided:
    content: str
    about: tuple[str, str] | None = None
    """The kind of its subject, and the title."""
    act: str = ""
    """What it does to it, at once; else somebody sees to it."""
    owner: str = FACILITATOR
    outcome: str = ""
    dropped: bool = False


@dataclass(frozen=True)
class Meeting:
    ago: int
    place: str
    points: Sequence[tuple[str, str]]
    """Of the agenda, with what the minutes say."""
    decisions: Sequence[Decided]
    title: str = "Comité de suivi"
    published: int = 8
    """Days after it."""


MEETINGS: Sequence[Meeting] = (
    Meeting(
        728,
        "Siège de la COBAS, salle du conseil",
        (
            (
                "Pourquoi un groupe de travail",
                "Le plan de mobilité demande d’agir **ensemble** : communes, intercommunalités, université.",
            ),
            (
                "Atelier : ce qui empêche, ce qui aide",
                "Chacun a écrit depuis son téléphone. Les notes, rangées par thème, sont jointes à la fiche.",
            ),
            ("Calendrier", "Un comité par trimestre, chaque fois dans une autre collectivité."),
        ),
        (
            Decided(
                "Réunir le groupe une fois par trimestre, en tournant d’une collectivité à l’autre.",
                outcome="Les quatre dates de l’année sont parties.",
            ),
            Decided("Proposer des fiches-actions à partir du catalogue.", outcome="Huit fiches sont proposées."),
        ),
        title="Réunion d’installation",
    ),
    Meeting(
        639,
        "Mairie de Gujan-Mestras",
        (
            (
                "Résultat du tour de priorisation",
                "Douze membres ont voté. Le stationnement vient en tête ; l’autopartage n’a reçu aucun point.",
            ),
            ("Modalités des premières actions", "Deux variantes chiffrées seront envoyées aux membres."),
        ),
        (
            Decided("Le classement du tour est adopté.", ("round", FIRST_ROUND), ADOPT.name),
            Decided(
                "L’ouverture des véhicules aux habitants est écartée : personne ne la porte.",
                ("action", SHARED_CARS),
                SET_ASIDE,
            ),
            Decided(
                "Envoyer les modalités des arceaux et du covoiturage, avec une réponse sous deux mois.",
                outcome="Envoyées ; trois membres ont été relancés par téléphone.",
            ),
        ),
        published=6,
    ),
    Meeting(
        550,
        "Siège de la COBAN, Andernos-les-Bains",
        (
            (
                "Réponses aux modalités",
                "Presque tous participent ; un membre attend la fin de ses travaux, un autre passe.",
            ),
            (
                "Qui pilote quoi",
                "La COBAS achète arceaux et vélos, la COBAN mène le covoiturage et l’offre aux agents.",
            ),
        ),
        (
            Decided(
                "Les actions « arceaux », « vélos », « covoiturage » et « prix de groupe » sont convenues.",
                outcome="Chacune a son pilote et son calendrier.",
            ),
            Decided(
                "Recenser les emplacements, commune par commune, avec une photo.",
                ("action", RACKS),
                owner=referent_of(COBAS),
                outcome="Soixante-deux emplacements, sur une carte commune.",
            ),
        ),
    ),
    Meeting(
        461,
        "Mairie d’Arcachon",
        (
            ("Arceaux : la pose commence", "La première tranche arrive ; les écoles d’abord."),
            ("Covoiturage : premiers trajets", "Des agents de douze collectivités sont inscrits."),
            ("Trois actions de plus", "Bureaux prêtés, voitures électriques, kit de communication."),
        ),
        (
            Decided(
                "Les actions « bureaux prêtés », « voitures électriques » et « kit de communication » sont convenues.",
                outcome="Lancées dans la semaine.",
            ),
            Decided(
                "Prévenir les écoles des dates de pose.",
                ("purchase", FIRST_RACKS),
                owner=BUYER,
                outcome="Fait le lendemain, par les mairies.",
            ),
        ),
        published=19,
    ),
    Meeting(
        372,
        "Mairie de Biganos",
        (
            (
                "Bilan de la première année",
                "Cinq achats, de premières économies ; trop peu de membres notent le temps passé.",
            ),
            ("Arceaux : ce qui reste à recouvrer", "Tous les titres sont payés."),
        ),
        (
            Decided(
                "Présenter le bilan de l’année aux conseils qui le demandent.",
                outcome="Présenté à onze conseils.",
            ),
            Decided(
                "Demander un second relevé des usages à l’association.",
                ("action", RACKS),
                outcome="Faute de bénévoles, il attendra le printemps.",
                dropped=True,
            ),
        ),
    ),
    Meeting(
        283,
        "Siège de la COBAS, salle du conseil",
        (
            (
                "Vélos et trottinettes de service",
                "Un trajet de service sur six se fait à vélo dans les communes équipées.",
            ),
            (
                "Voitures électriques : les livraisons",
                "Toutes sont arrivées ; deux bornes attendent leur raccordement.",
            ),
        ),
        (
            Decided(
                "L’action des premiers vélos est faite ; la suite est une nouvelle fiche.",
                ("action", FIRST_BIKES),
                FINISH,
            ),
            Decided(
                "Relancer le raccordement des deux bornes.",
                ("purchase", CARS),
                owner=BUYER,
                outcome="Raccordées à la fin du mois.",
            ),
        ),
        published=12,
    ),
    Meeting(
        194,
        "Mairie de Salles",
        (
            ("Bureaux prêtés : six mois d’usage", "Deux agents chaque mardi ; les deux mairies veulent continuer."),
            ("Voitures électriques : bilan", "La part demandée par la loi est tenue, et l’entretien coûte moins."),
        ),
        (
            Decided("L’action des premières voitures est faite.", ("action", FIRST_CARS), FINISH),
            Decided(
                "Ajouter un écran à chaque bureau prêté.",
                ("purchase", SHARED_DESKS),
                outcome="Pris sur le stock d’Arcachon.",
            ),
        ),
        published=7,
    ),
    Meeting(
        105,
        "Mairie de Lanton",
        (
            ("Covoiturage : fin de l’année d’essai", "On garde la plateforme ; l’abonnement se partagera autrement."),
            ("Deuxième commande d’arceaux", "Les gares, et les écoles qui avaient attendu."),
        ),
        (
            Decided(
                "Préparer un abonnement commun, partagé pour moitié à parts égales et pour moitié selon les agents.",
                ("purchase", TRIAL),
                owner=BUYER,
                outcome="L’achat est ouvert aux réponses.",
            ),
        ),
        published=10,
    ),
)


async def meetings(past: Past) -> Story:
    for number, meeting in enumerate(MEETINGS):
        planned_at = past.ago(meeting.ago + 21)
        yield meeting.ago + 21
        day = nearest(past.ago(meeting.ago).astimezone(ZONE).date(), ZONE)
        command = CommitteeIn(
            title=meeting.title,
            day=day,
            hour=time(14),
            place=meeting.place,
            agenda="\n".join(title for title, _ in meeting.points),
            roles=INVITED,
        )
        committee_id = await schedule_committee(past.session, past.facilitator, command, planned_at)
        yield meeting.ago
        held_at = datetime.combine(day, time(16), tzinfo=ZONE)
        there = await _come(past, committee_id, number, held_at)
        minutes = "\n\n".join(f"## {title}\n\n{said}" for title, said in meeting.points)
        await save_minutes(past.session, past.facilitator, committee_id, minutes, held_at)
        await _decide(past, committee_id, meeting, held_at)
        yield meeting.ago - meeting.published
        published_at = datetime.combine(day, time(10), tzinfo=ZONE) + timedelta(days=meeting.published)
        await publish_minutes(past.session, past.facilitator, committee_id, published_at)
        await _think(past, committee_id, there, published_at)
        yield meeting.ago - 40
        await _settle(past, committee_id, meeting, past.ago(meeting.ago - 40))


async def _come(past: Past, committee_id: int, number: int, at: datetime) -> list[int]:
    """Three of four; who is missing changes from one meeting to the next. Returns who was there."""
    invited = select(col(Invitation.person_id)).where(col(Invitation.committee_id) == committee_id)
    people = list((await past.session.execute(invited.order_by(col(Invitation.person_id)))).scalars())
    always = {past.territory.people[email] for email in (FACILITATOR, BUYER)}
    there = {person: person in always or (place + 3 * number) % 4 > 0 for place, person in enumerate(people)}
    await tick_attendance(past.session, past.facilitator, committee_id, there, FixedClock(at))
    return [person for person, came in there.items() if came]


async def _decide(past: Past, committee_id: int, meeting: Meeting, at: datetime) -> None:
    for number, decided in enumerate(meeting.decisions, start=1):
        about = await _subject(past, decided)
        command = DecisionIn(
            content=decided.content,
            votes_for=19 - number,
            votes_abstained=number - 1,
            votes_against=0,
            about=about,
            owner_id=past.territory.people[decided.owner],
            due_on=None if decided.act else nearest(at.date() + timedelta(days=35), ZONE),
        )
        await add_decision(past.session, past.facilitator, committee_id, command, at)
        if decided.act:
            act: Act[NoTerms] = _ACTS[decided.act]
            await give_effect(past.session, past.facilitator, committee_id, number, act, NoTerms(), at)
            await apply_decision(past.session, past.facilitator, committee_id, number, FixedClock(at))


async def _subject(past: Past, decided: Decided) -> tuple[str, int] | None:
    if decided.about is None:
        return None
    kind, title = decided.about
    table = TABLES[kind]
    found = await past.session.execute(select(col(table.id)).where(col(table.title) == title))
    return kind, found.scalar_one()


async def _settle(past: Past, committee_id: int, meeting: Meeting, at: datetime) -> None:
    for number, decided in enumerate(meeting.decisions, start=1):
        if not decided.act:
            state = DecisionState.DROPPED if decided.dropped else DecisionState.DONE
            await settle_decision(past.session, past.facilitator, committee_id, number, state, decided.outcome, at)


async def _think(past: Past, committee_id: int, there: Sequence[int], at: datetime) -> None:
    """A third of those who were there say what they thought of it."""
    rows = [
        {
            "committee_id": committee_id,
            "person_id": person,
            "first": 5 - place % 3,
            "second": 4 + (place + committee_id) % 2,
            "comment": THOUGHT[committee_id % len(THOUGHT)] if place == 5 else "",  # noqa: PLR2004 - one of them
            "given_at": at + timedelta(hours=place),
        }
        for place, person in enumerate(there[::3])
    ]
    await insert_many(past.session, Opinion, rows)
