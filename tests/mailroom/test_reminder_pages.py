"""The facilitator's pages of reminders, used as a person and as somebody who tries what is not theirs."""

from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
import pytest_asyncio
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from factories import NOW, Territory, make_territory
from ground.database import rolled_back, undone
from pooling.accounts.people import ensure_people
from pooling.committees.invitations.inviting import invite_to_committee, uninvite_from_committee
from pooling.committees.meetings.scheduling import move_committee, schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn, MoveIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.granting import grant_roles
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole, Right
from pooling.outbox.mail import Mail
from pooling.outbox.queueing import queue_mails
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.kinds import Kind
from pooling.reminders.opting_out import opt_out
from pooling.reminders.sweep import sweep
from web_client import Browser, features_in, stand_on, text_of

FACILITATOR, LUGOS, SALLES = "animation@bassin.example", "referent@lugos.example", "referent@salles.example"
BASE_URL = "https://achats.example"
URL = "/g/bassin/relances"
J15 = datetime(2027, 3, 15, 7, tzinfo=UTC)
J7 = datetime(2027, 3, 23, 7, tzinfo=UTC)


class Stage:
    """A committee of two people whose reminders are planned; the facilitator looks at them."""

    def __init__(self, app: Litestar, database: Database, territory: Territory, clock: FixedClock) -> None:
        self.app, self.database, self.territory, self.clock = app, database, territory, clock
        self.browser = Browser(app, database)
        self.committee = 0

    @property
    def kind(self) -> Kind:
        found: list[Kind] = [kind for kind in features_in(self.app).kinds if kind.name == "committee"]
        return found[0]

    @property
    def caller(self) -> Caller:
        return self.territory.caller(FACILITATOR, HeldRole(Role.FACILITATOR))

    async def at(self, moment: datetime) -> None:
        """Goes on to this moment, when an earlier session has ended."""
        self.clock.instant = moment
        await self.browser.sign_in(self.territory.people[FACILITATOR])

    async def sweep(self) -> list[str]:
        report = await sweep(self.database, features_in(self.app).kinds, self.clock, base_url=BASE_URL)
        return [reminder.email for reminder in report.sent]

    async def rows(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        async with self.database.transaction(self.territory.group_id) as session:
            return [tuple(row) for row in await session.execute(text(statement), values)]

    async def run(self, statement: str, **values: object) -> None:
        async with self.database.transaction(self.territory.group_id) as session:
            await session.execute(text(statement), values)

    async def reminder(self, offset: int, email: str = LUGOS) -> int:
        rows = await self.rows(
            "SELECT r.id FROM reminders r JOIN people p ON p.id = r.person_id "
            "WHERE offset_days = :offset AND email = :email",
            offset=offset, email=email,
        )  # fmt: skip
        return int(str(rows[0][0]))

    async def states(self, offset: int) -> list[tuple[object, ...]]:
        return await self.rows(
            "SELECT email, state FROM reminders r JOIN people p ON p.id = r.person_id WHERE offset_days = :offset "
            "ORDER BY email",
            offset=offset,
        )  # fmt: skip

    async def move(self, *, place: str = "Mairie") -> None:
        command = MoveIn(day=date(2027, 4, 6), hour=time(14), place=place, reason="salle prise")
        async with self.database.transaction(self.territory.group_id) as session:
            await move_committee(
                session,
                self.caller,
                self.committee,
                command,
                self.clock.instant,
                base_url=BASE_URL,
                reminders=ReminderConfiguration(),
            )

    async def fail(self, error: str) -> int:
        """The mail of Lugos did not arrive; its id."""
        await self.run(
            "UPDATE messages SET state = 'failed', error = :error WHERE recipient = :email", error=error, email=LUGOS
        )
        return int(str((await self.rows("SELECT max(id) FROM messages WHERE recipient = :email", email=LUGOS))[0][0]))


@pytest_asyncio.fixture(scope="module")
async def planned(application: Litestar, inhabited_engine: AsyncEngine, inhabitants: Territory) -> AsyncIterator[Stage]:
    """Made once: a sweep over every kind takes longer than most of what is tried on it, and each try is undone."""
    async with rolled_back(inhabited_engine) as database:
        made = Stage(application, database, deepcopy(inhabitants), FixedClock(NOW))
        command = CommitteeIn(
            day=date(2027, 3, 30), hour=time(14), place="Mairie", agenda="Choisir le devis",
            people=(made.territory.people[LUGOS], made.territory.people[SALLES]),
        )  # fmt: skip
        async with database.transaction(made.territory.group_id) as session:
            made.committee = await schedule_committee(session, made.caller, command, NOW)
        await made.sweep()
        yield made
        await made.browser.close()


@pytest_asyncio.fixture
async def database(planned: Stage) -> AsyncIterator[Database]:
    async with undone(planned.database):
        yield planned.database


@pytest.fixture
def territory(planned: Stage) -> Territory:
    return deepcopy(planned.territory)


@pytest_asyncio.fixture
async def stage(
    app: Litestar, database: Database, territory: Territory, clock: FixedClock, planned: Stage
) -> AsyncIterator[Stage]:
    made = Stage(app, database, territory, clock)
    made.committee = planned.committee
    await made.at(clock.instant)
    yield made
    await made.browser.close()


# Looking


async def test_what_is_to_come_what_left_and_what_was_missed_are_shown_apart(stage: Stage) -> None:
    shown = text_of(await stage.browser.get(URL))
    assert shown.index("J−15") < shown.index("J−7") < shown.index("J−1 ")
    assert "Comité de suivi du mardi 30 mars 2027" in shown
    await stage.at(J15)
    await stage.sweep()
    assert "J−15" not in text_of(await stage.browser.get(URL))
    assert "J−15" in text_of(await stage.browser.get(f"{URL}?etat=parties"))
    await stage.move()
    await stage.sweep()
    dropped = text_of(await stage.browser.get(f"{URL}?etat=manquees"))
    assert "J−7" in dropped
    assert "J−15" not in dropped


async def test_a_kind_may_be_chosen_and_a_forged_one_shows_all(stage: Stage) -> None:
    assert "J−7" in text_of(await stage.browser.get(f"{URL}?sorte=committee"))
    assert "Aucune relance n’est prévue" in text_of(await stage.browser.get(f"{URL}?sorte=needs_deadline"))
    for query in ("sorte=nothing", "etat=nothing", "apres=xx", "apres=" + "A" * 5000):
        assert "J−7" in text_of(await stage.browser.get(f"{URL}?{query}")), query


async def test_an_occasion_names_its_people_and_finds_them(stage: Stage) -> None:
    url = f"{URL}/{await stage.reminder(-7)}"
    shown = text_of(await stage.browser.get(url))
    assert LUGOS in shown
    assert SALLES in shown
    found = text_of(await stage.browser.get(f"{url}?cherche=salles"))
    assert LUGOS not in found
    assert SALLES in found
    assert "Personne ne correspond" in text_of(await stage.browser.get(f"{url}?etat=en-echec"))


async def test_long_lists_turn_pages_and_lose_nobody(stage: Stage) -> None:
    named = [(f"p{number}@p.example", f"Nom {number % 7}", "") for number in range(120)]
    now = stage.clock.instant
    async with stage.database.transaction(stage.territory.group_id) as session:
        people = await ensure_people(session, named, now)
        await grant_roles(session, [(person, Role.READER, None, None) for person in people.values()], now)
        await invite_to_committee(session, stage.caller, stage.committee, now, people=list(people.values()))
    await stage.sweep()
    url: str | None = f"{URL}/{await stage.reminder(-7)}"
    met: list[str] = []
    while url is not None:
        page = (await stage.browser.get(url)).text
        met += [part.split("<")[0] for part in page.split('class="cell-note">') if "@" in part.split("<")[0]]
        ahead = page.split('rel="next" href="')
        url = ahead[1].split('"')[0].replace("&amp;", "&") if len(ahead) > 1 else None
    assert len(met) == len(set(met)) == 122


async def test_a_preview_says_what_would_be_said_and_changes_nothing(stage: Stage) -> None:
    before = await stage.rows("SELECT id, state, message_id FROM reminders ORDER BY id")
    answer = await stage.browser.get(f"{URL}/{await stage.reminder(-7)}/courriel")
    shown = text_of(answer)
    assert "Aperçu" in shown
    assert "Choisir le devis" in shown
    assert "invitation.ics" in shown
    assert await stage.rows("SELECT id, state, message_id FROM reminders ORDER BY id") == before
    assert await stage.rows("SELECT 1 FROM messages") == []


async def test_a_feature_that_cannot_write_its_mail_breaks_no_page(stage: Stage) -> None:
    async def no_render(*_: object) -> None:
        raise KeyError(12)

    broken = replace(stage.kind, render=no_render)  # type: ignore[arg-type]
    stand_on(stage.app, replace(features_in(stage.app), kinds=[broken]))
    answer = await stage.browser.get(f"{URL}/{await stage.reminder(-7)}/courriel")
    assert answer.status_code == 200
    assert "ne peut pas être écrit" in text_of(answer)


async def test_what_was_sent_is_shown_as_it_was_but_without_the_persons_key(stage: Stage) -> None:
    await stage.at(J15)
    await stage.sweep()
    shown = text_of(await stage.browser.get(f"{URL}/{await stage.reminder(-15)}/courriel"))
    assert "Choisir le devis" in shown
    ((key,),) = await stage.rows("SELECT mail_key FROM people WHERE email = :email", email=LUGOS)
    ((body,),) = await stage.rows("SELECT body_text FROM messages WHERE recipient = :email", email=LUGOS)
    assert str(key) in str(body)
    assert str(key) not in shown


async def test_who_does_without_is_said_to_have_chosen_so(stage: Stage) -> None:
    async with stage.database.transaction(stage.territory.group_id) as session:
        await opt_out(session, stage.territory.people[LUGOS], stage.kind, stage.clock.instant)
    await stage.sweep()
    shown = text_of(await stage.browser.get(f"{URL}/{await stage.reminder(-7)}"))
    assert "La personne a choisi de ne plus recevoir ces courriels." in shown
    assert "1 personne" in text_of(await stage.browser.get(f"{URL}/reglages"))
    assert LUGOS in text_of(await stage.browser.get(f"{URL}/reglages/committee/refus"))


# Sending now


async def test_sending_now_sends_what_is_planned_once(stage: Stage) -> None:
    url = f"{URL}/{await stage.reminder(-7)}/envoi"
    asked = await stage.browser.get(url)
    assert "2 personnes reçoivent ce courriel tout de suite" in text_of(asked)
    assert await stage.rows("SELECT 1 FROM messages") == []
    for _ in range(2):
        assert (await stage.browser.post(url, page=url)).status_code == 303
    assert await stage.states(-7) == [(LUGOS, "sent"), (SALLES, "sent")]
    assert await stage.states(-15) == [(LUGOS, "planned"), (SALLES, "planned")]
    for moment in (J15, J7):
        await stage.at(moment)
        await stage.sweep()
    assert len(await stage.rows("SELECT 1 FROM messages WHERE subject LIKE 'Comité de suivi%'")) == 4  # J−7, then J−15
    journal = text_of(await stage.browser.get("/g/bassin/journal"))
    assert "a fait partir sans attendre les relances « Rappel de comité, J−7" in journal
    assert journal.count("sans attendre") == 1


async def test_more_than_a_batch_leaves_with_the_next_sweep(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pooling.reminders.hastening.AT_ONCE", 1)
    url = f"{URL}/{await stage.reminder(-7)}/envoi"
    await stage.browser.post(url, page=url)
    assert sorted(str(state) for _, state in await stage.states(-7)) == ["planned", "sent"]
    assert len(await stage.sweep()) == 1
    assert await stage.states(-7) == [(LUGOS, "sent"), (SALLES, "sent")]
    assert await stage.sweep() == []


async def test_sending_now_leaves_out_who_is_no_longer_to_be_told(stage: Stage) -> None:
    async with stage.database.transaction(stage.territory.group_id) as session:
        await uninvite_from_committee(
            session, stage.caller, stage.committee, stage.territory.people[LUGOS], stage.clock.instant
        )
        await opt_out(session, stage.territory.people[SALLES], stage.kind, stage.clock.instant)
    url = f"{URL}/{await stage.reminder(-7)}/envoi"
    await stage.browser.post(url, page=url)
    await stage.sweep()
    assert await stage.rows("SELECT 1 FROM messages") == []


async def test_what_a_rule_dates_is_not_sent_from_here(stage: Stage) -> None:
    lawful = replace(stage.kind, lawful=True, comfort=False)
    stand_on(stage.app, replace(features_in(stage.app), kinds=[lawful]))
    url = f"{URL}/{await stage.reminder(-7)}"
    assert "Envoyer maintenant" not in text_of(await stage.browser.get(url))
    assert (await stage.browser.post(f"{url}/envoi")).status_code == 409
    assert await stage.states(-7) == [(LUGOS, "planned"), (SALLES, "planned")]


async def test_after_a_move_the_old_occasion_sends_nothing(stage: Stage) -> None:
    url = f"{URL}/{await stage.reminder(-7)}/envoi"
    await stage.move()
    assert "plus rien à envoyer" in text_of(await stage.browser.get(url))
    await stage.browser.post(url, page=url)
    await stage.sweep()
    assert await stage.rows("SELECT 1 FROM messages") == []


# Trying again


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("550 5.1.1 no such mailbox", "Cette adresse n’existe pas, ou plus."),
        ("552 5.2.2 over quota", "La boîte de cette personne est pleine."),
        ("550 5.7.1 rejected by policy", "refuse nos courriels par sécurité"),
    ],
)
async def test_a_refusal_is_explained_and_the_mail_written_anew(stage: Stage, error: str, words: str) -> None:
    await stage.at(J15)
    await stage.sweep()
    message = await stage.fail(error)
    shown = await stage.browser.get(f"{URL}/echecs")
    assert words in text_of(shown)
    assert error in text_of(shown)
    assert "Des courriels ne sont pas arrivés" in text_of(await stage.browser.get(f"{URL}?etat=parties"))
    url = f"{URL}/echecs/{message}/nouvel-envoi"
    assert (await stage.browser.post(url, page=f"{URL}/echecs")).status_code == 303
    assert (await stage.browser.post(url, page=f"{URL}/echecs")).status_code == 409
    assert await stage.rows("SELECT state FROM messages WHERE recipient = :email ORDER BY id", email=LUGOS) == [
        ("failed",),
        ("queued",),
    ]
    assert "Aucun courriel en échec" in text_of(await stage.browser.get(f"{URL}/echecs"))


async def test_what_is_no_longer_true_is_not_tried_again(stage: Stage) -> None:
    await stage.at(J15)
    await stage.sweep()
    message = await stage.fail("550 5.1.1 no such mailbox")
    await stage.move()
    await stage.sweep()
    answer = await stage.browser.post(f"{URL}/echecs/{message}/nouvel-envoi", page=f"{URL}/echecs")
    assert answer.status_code == 409
    assert "plus d’actualité" in text_of(answer)
    assert await stage.rows("SELECT 1 FROM messages WHERE state = 'queued' AND subject LIKE '%30 mars%'") == []


async def test_a_notice_of_a_former_date_is_not_tried_again(stage: Stage) -> None:
    await stage.at(J15)
    await stage.sweep()
    await stage.run("UPDATE messages SET state = 'sent'")
    await stage.move()
    await stage.run("UPDATE messages SET state = 'failed', error = '550 5.1.1 x' WHERE state = 'queued'")
    notice = (await stage.rows("SELECT max(id) FROM messages WHERE recipient = :email", email=LUGOS))[0][0]
    url = f"{URL}/echecs/{notice}/nouvel-envoi"
    assert (await stage.browser.post(url, page=f"{URL}/echecs")).status_code == 303
    await stage.run("UPDATE messages SET state = 'failed', error = '550 5.1.1 x' WHERE state = 'queued'")
    await stage.move(place="Ailleurs")
    assert (await stage.browser.post(url, page=f"{URL}/echecs")).status_code == 409


async def test_another_mail_that_failed_goes_back_to_the_queue(stage: Stage) -> None:
    async with stage.database.transaction(stage.territory.group_id) as session:
        (message,) = await queue_mails(
            session, [Mail(kind="invitation", recipient=LUGOS, subject="Venez", why="Pourquoi.")], stage.clock.instant
        )
    url = f"{URL}/echecs/{message}/nouvel-envoi"
    assert (await stage.browser.post(url, page=f"{URL}/echecs")).status_code == 409  # it waits its turn
    await stage.fail("421 4.2.1 busy")
    assert (await stage.browser.post(url, page=f"{URL}/echecs")).status_code == 303
    assert await stage.rows("SELECT state, error, attempts FROM messages") == [("queued", None, 0)]
    await stage.run("UPDATE messages SET expires_at = :now, state = 'failed'", now=stage.clock.instant)
    assert (await stage.browser.post(url, page=f"{URL}/echecs")).status_code == 409


# Settings


async def test_days_and_hour_are_set_and_planned_rows_follow(stage: Stage) -> None:
    url = f"{URL}/reglages/committee"
    values = {"active": "1", "before": "10, J-3 et 1 jours", "hour": "18h30", "wording": "Venez à vélo."}
    assert (await stage.browser.post(url, values, page=url)).status_code == 303
    await stage.sweep()
    rows = await stage.rows("SELECT DISTINCT offset_days FROM reminders WHERE state = 'planned' ORDER BY 1")
    assert rows == [(-10,), (-3,), (-1,)]
    listed = text_of(await stage.browser.get(f"{URL}/reglages"))
    assert "10, 3 et 1 jours avant la réunion, à 18 h 30" in listed.replace("\xa0", " ")
    assert "Du groupe" in listed
    assert "Venez à vélo." in text_of(await stage.browser.get(f"{URL}/{await stage.reminder(-3)}/courriel"))
    assert "a changé les relances « Rappel de comité »" in text_of(await stage.browser.get("/g/bassin/journal"))


async def test_back_to_the_territorys_setting(stage: Stage) -> None:
    url = f"{URL}/reglages/committee"
    await stage.browser.post(url, {"before": "15", "hour": "08:00"}, page=url)  # not ticked: off
    await stage.sweep()
    assert await stage.rows("SELECT 1 FROM reminders WHERE state = 'planned'") == []
    assert "Aucun envoi" in text_of(await stage.browser.get(f"{URL}/reglages"))
    assert "Revenir au réglage du territoire" in text_of(await stage.browser.get(url))
    await stage.browser.post(f"{url}/retour", page=url)
    await stage.sweep()
    assert len(await stage.rows("SELECT 1 FROM reminders WHERE state = 'planned'")) == 6
    assert "Du groupe" not in text_of(await stage.browser.get(f"{URL}/reglages"))


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("before", "quinze", "Indiquez des nombres de jours"),
        ("before", "400", "Indiquez des nombres de jours"),
        ("before", "1,2,3,4,5,6,7,8,9,10,11", "10 nombres de jours au plus"),
        ("before", " ", "Indiquez au moins un nombre de jours"),
        ("hour", "02:30", "Rien ne part entre 1 h et 4 h"),
        ("hour", "25:00", "Indiquez une heure"),
        ("wording", "x" * 501, "Raccourcissez ce texte"),
    ],
)
async def test_what_is_typed_wrong_is_told_at_its_field_and_kept(
    stage: Stage, field: str, typed: str, says: str
) -> None:
    url = f"{URL}/reglages/committee"
    values = {"active": "1", "before": "12, 5", "hour": "09:15", "wording": "Bonjour", field: typed}
    answer = await stage.browser.post(url, values, page=url)
    assert answer.status_code == 422
    assert says in text_of(answer).replace("\xa0", " ")
    assert f'id="erreur-champ-{field}"' in answer.text
    for name, value in values.items():
        assert value in answer.text, name
    assert await stage.rows("SELECT 1 FROM reminder_settings") == []


async def test_the_group_follows_the_territory_where_it_says_the_same(stage: Stage) -> None:
    url = f"{URL}/reglages/committee"
    await stage.browser.post(url, {"active": "1", "before": "1, 7, 15", "hour": "8 h"}, page=url)
    assert "Du groupe" not in text_of(await stage.browser.get(f"{URL}/reglages"))


async def test_a_date_of_the_law_is_not_asked_for(stage: Stage) -> None:
    lawful = replace(stage.kind, lawful=True, comfort=False)
    stand_on(stage.app, replace(features_in(stage.app), kinds=[lawful]))
    url = f"{URL}/reglages/committee"
    assert 'name="before"' not in (await stage.browser.get(url)).text
    await stage.browser.post(url, {"before": "40", "hour": "07:00"}, page=url)
    assert await stage.rows("SELECT active, offsets, hour::text FROM reminder_settings") == [(True, None, "07:00:00")]


# Who may not


async def test_another_groups_reminders_and_mails_do_not_exist(stage: Stage) -> None:
    await stage.at(J15)
    await stage.sweep()
    message = await stage.fail("550 5.1.1 x")
    other = await make_territory(stage.database, stage.clock.instant, slug="autre")
    assert other.people[FACILITATOR] == stage.territory.people[FACILITATOR], "who asks is at home in both"
    reminder = await stage.reminder(-7)
    for path in (f"/{reminder}", f"/{reminder}/courriel", f"/{reminder}/envoi"):
        assert (await stage.browser.get(f"/g/autre/relances{path}")).status_code == 404, path
    for path in (f"/{reminder}/envoi", f"/echecs/{message}/nouvel-envoi", "/reglages/nothing"):
        answer = await stage.browser.post(f"/g/autre/relances{path}", {"hour": "08:00"})
        assert answer.status_code == 404, path
    assert await stage.states(-7) == [(LUGOS, "planned"), (SALLES, "planned")]


@pytest.mark.parametrize("number", [0, 10**18, 10**30])
async def test_numbers_that_name_nothing_are_not_found(stage: Stage, number: int) -> None:
    for path in (f"/{number}", f"/{number}/courriel", f"/{number}/envoi"):
        assert (await stage.browser.get(URL + path)).status_code == 404
    url = f"{URL}/echecs/{number}/nouvel-envoi"
    assert (await stage.browser.post(url, page=URL)).status_code == 404


async def test_a_post_from_elsewhere_sends_nothing(stage: Stage) -> None:
    url = f"{URL}/{await stage.reminder(-7)}/envoi"
    assert (await stage.browser.client.post(url)).status_code == 403
    assert await stage.states(-7) == [(LUGOS, "planned"), (SALLES, "planned")]


async def test_they_are_of_a_right_of_their_own(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever plans committees only, in a group that would say so, finds no way to them."""
    committee = f"/g/bassin/comites/{stage.committee}"
    await stage.sweep()
    assert f'href="{URL}"' in (await stage.browser.get("/g/bassin/comites")).text
    assert f'href="{URL}"' in (await stage.browser.get(committee)).text
    monkeypatch.setattr(Right.MANAGE_REMINDERS, "roles", frozenset())
    assert "Prévoir un comité" in text_of(await stage.browser.get("/g/bassin/comites"))
    assert URL not in (await stage.browser.get("/g/bassin/comites")).text
    assert URL not in (await stage.browser.get(committee)).text
    reminder = await stage.reminder(-7)
    for path in ("", "/echecs", "/reglages", "/reglages/committee", f"/{reminder}", f"/{reminder}/courriel"):
        assert (await stage.browser.get(URL + path)).status_code == 403, path
