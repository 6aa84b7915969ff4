"""The story of the action sheet through the pages alone, by several people, with scripts and without: an action of the
catalogue is proposed, ranked by members, adopted by a committee, agreed on, bought; what came of it is told.
"""

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from browser.served import GROUP, NEXT_COMMITTEE, Served
from browser.visitor import Visitor, Visitors, labelled
from pooling.kernel.clock import FixedClock

pytestmark = pytest.mark.browser

FACILITATOR = "animation@bassin.example"
VOTERS = {
    "213304983": "referent@salles.example",
    "213300098": "referent@arcachon.example",
    "243300563": "referent@cobas.example",
}
"""By the codes of their members: the first has not signed the charter yet, the last will look after the action."""
SALLES, ARCACHON, COBAS = VOTERS
ROUND = "Le premier tour de l’année"
COMMITTEE_BEGUN = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
TITLE = "Des vélos à l’essai"


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_from_the_first_meeting_to_the_report(
    demonstration: Served, visitors: Visitors, javascript: bool
) -> None:
    people = {
        email: await visitors.arrive(demonstration.url, javascript=javascript, examines=False)
        for email in (FACILITATOR, *VOTERS.values())
    }
    for email, visitor in people.items():
        await visitor.hold(await demonstration.token_of(email))
    facilitator, referents = people[FACILITATOR], {code: people[email] for code, email in VOTERS.items()}
    action = await a_referent_proposes_from_the_catalogue(referents[SALLES])
    ballots = await the_facilitator_opens_a_round(facilitator)
    for points, (code, referent) in zip((6, 4, 10), referents.items(), strict=True):
        await a_member_votes(referent, f"{ballots}/{code}", points)
    await the_facilitator_closes_it(facilitator, ballots.removesuffix("/bulletins"))
    await demonstration.worker_passes()
    await facilitator.open(ballots.removesuffix("/bulletins"))
    await facilitator.reads("Ce classement est à l’ordre du jour")
    assert isinstance(demonstration.clock, FixedClock)
    demonstration.clock.instant = COMMITTEE_BEGUN
    for email, visitor in people.items():  # nobody stays signed in for days
        await visitor.hold(await demonstration.token_of(email))
    await the_committee_adopts_what_came_of_it(facilitator)
    await facilitator.open(action)
    await facilitator.reads("1 au dernier tour adopté")
    await the_facilitator_writes_the_terms(facilitator, action)
    for code, referent in referents.items():
        await a_member_is_in(referent, f"{action}/modalites/reponses/{code}")
    await one_click_makes_the_purchase(facilitator, action)
    await a_member_signs_the_charter(referents[SALLES])
    await somebody_tells_what_was_learnt(referents[ARCACHON])
    await whoever_was_there_says_what_it_thinks(facilitator)
    await anybody_takes_the_report_along(referents[COBAS])
    assert visitors.complaints == []


async def a_referent_proposes_from_the_catalogue(visitor: Visitor) -> str:
    """Gives the address of the action's page."""
    await visitor.open(f"{GROUP}/actions/catalogue")
    await visitor.follow("Prêt de vélos électriques à l’essai")
    await visitor.reads("Articles habituels")
    await visitor.follow("Proposer cette action au groupe")
    await visitor.fill("Titre", TITLE)
    await labelled(visitor.page, "Pilote").select_option(COBAS)
    await visitor.press("Proposer")
    await visitor.reads("L’action est proposée au groupe.")
    return visitor.page.url.removeprefix(visitor.url)


async def the_facilitator_opens_a_round(visitor: Visitor) -> str:
    """Gives the address of its ballots."""
    await visitor.open(f"{GROUP}/actions/tours")
    await visitor.follow("Préparer un tour")
    await visitor.fill("Titre", ROUND)
    boxes = visitor.page.get_by_role("checkbox")
    await visitor.page.get_by_role("checkbox", name=TITLE).check()
    await boxes.first.check()
    await visitor.page.get_by_role("radio", name="Secret").first.check()
    await visitor.fill("Dernier jour pour voter", "2026-11-30")
    await visitor.fill("Heure de clôture", "18:00")
    await visitor.press("Enregistrer")
    round_url = visitor.page.url.removeprefix(visitor.url)
    await visitor.follow("Ouvrir le vote")
    await visitor.press("Ouvrir le vote")
    await visitor.reads("Le vote est ouvert")
    return f"{round_url}/bulletins"


async def a_member_votes(visitor: Visitor, ballot: str, points: int) -> None:
    await visitor.open(ballot)
    await visitor.fill(TITLE, str(points))
    await visitor.press("Voter")
    await visitor.open(ballot)
    await visitor.reads("Ce membre a voté")


async def the_facilitator_closes_it(visitor: Visitor, round_url: str) -> None:
    await visitor.open(round_url)
    await expect(visitor.page.locator("main")).not_to_contain_text("Classement des actions")
    await visitor.follow("Clore le vote")
    await visitor.fill("Pourquoi clore avant la date prévue", "Tous ceux qui le voulaient ont voté.")
    await visitor.press("Clore le vote")
    await visitor.reads("Classement")


async def the_committee_adopts_what_came_of_it(visitor: Visitor) -> None:
    await visitor.open(f"{GROUP}/comites/{NEXT_COMMITTEE}/decisions/nouvelle")
    await visitor.fill("Ce qui est décidé", "Le groupe adopte le classement.")
    tours = labelled(visitor.page, "Tour de priorisation concerné")
    await tours.select_option(label=await tours.locator("option", has_text=ROUND).inner_text())
    await visitor.press("Enregistrer et choisir l’effet")
    await visitor.follow("Adopter le classement")
    await visitor.press("Enregistrer l’effet")
    await visitor.follow("Appliquer cette décision")
    await visitor.press("Appliquer cette décision")
    await visitor.reads("La décision est appliquée")


async def the_facilitator_writes_the_terms(visitor: Visitor, action: str) -> None:
    await visitor.open(f"{action}/modalites/fiche")
    await expect(labelled(visitor.page, "Ce que l’on achèterait").first).not_to_have_value("")
    await visitor.page.locator("#champ-quantite-1-1").fill("12")
    await visitor.page.locator("#champ-prix-1").fill("80")
    await visitor.press("Enregistrer")
    await visitor.reads("Coût estimé")


async def a_member_is_in(visitor: Visitor, answer: str) -> None:
    await visitor.open(answer)
    await visitor.page.get_by_role("radio", name="Nous participons", exact=True).check()
    await visitor.press("Répondre")


async def one_click_makes_the_purchase(visitor: Visitor, action: str) -> None:
    await visitor.open(f"{action}/modalites")
    await visitor.press("Convenir de l’action")
    await visitor.open(f"{action}/modalites")
    await visitor.press("Préparer l’achat")
    await visitor.reads("Achat préparé")
    await visitor.open(action)
    await expect(visitor.page.locator("main")).to_contain_text("AG-2026-")


async def a_member_signs_the_charter(visitor: Visitor) -> None:
    await visitor.open(f"{GROUP}/charte/signatures/{SALLES}")
    await visitor.fill("Qui signe", "Le maire de Salles")
    await visitor.fill("Fonction", "maire")
    await visitor.fill("Signée le", "2026-11-16")
    await visitor.press("Signer la charte")
    await visitor.open(f"{GROUP}/charte")
    await visitor.reads("Le maire de Salles")


async def somebody_tells_what_was_learnt(visitor: Visitor) -> None:
    await visitor.open(f"{GROUP}/experiences")
    await visitor.follow("Raconter un retour d’expérience")
    await visitor.fill("Titre", "Le journal de bord des vélos prêtés")
    await visitor.fill("Ce qu’on ferait autrement", "Un local fermé avant la livraison.")
    actions = labelled(visitor.page, "Action")
    await actions.select_option(label=await actions.locator("option", has_text=TITLE).inner_text())
    await visitor.press("Enregistrer")
    await visitor.open(f"{GROUP}/experiences?cherche=journaux")
    await visitor.reads("Le journal de bord des vélos prêtés")


async def whoever_was_there_says_what_it_thinks(visitor: Visitor) -> None:
    await visitor.open(f"{GROUP}/comites/{NEXT_COMMITTEE - 1}/avis")
    for question in await visitor.page.locator("main fieldset").all():
        await question.get_by_role("radio").last.check()
    await visitor.page.get_by_role("button", name="avis").click()
    await visitor.reads("Merci")


async def anybody_takes_the_report_along(visitor: Visitor) -> None:
    await visitor.open(f"{GROUP}/indicateurs/bilan?annee=2026")
    async with visitor.page.expect_download() as download:
        await visitor.page.get_by_role("link", name="PDF", exact=True).click()
    file = await download.value
    assert file.suggested_filename.endswith("-2026.pdf")
