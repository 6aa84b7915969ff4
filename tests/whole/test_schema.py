"""The schema: migrations make what the models say, the application may do no more than it needs, and every CHECK
constraint refuses what it must.
"""

import subprocess
import sys
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, text

from pooling.embedded.postgres import APPLICATION, OWNER, PostgresAddresses
from pooling.kernel.database import Database
from pooling.kernel.migrations import OF_THE_HOST, every_table

metadata = every_table()

WITHOUT_LOOKING_AND_AFTER_LOOKING_EVERYWHERE = """
import importlib, pkgutil, pooling
from pooling.kernel.migrations import every_table
print(*sorted(every_table().tables))
for module in pkgutil.walk_packages(pooling.__path__, "pooling."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*sorted(every_table().tables))
"""


def test_every_table_of_the_package_is_known() -> None:
    """Where it is not, the next migration that is made by comparison would drop it. In a process of its own: here
    some other test may have imported what was forgotten.
    """
    command = [sys.executable, "-c", WITHOUT_LOOKING_AND_AFTER_LOOKING_EVERYWHERE]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    known, there = told.splitlines()
    assert known == there
    assert set(known.split()) == set(metadata.tables)


async def test_migrations_make_what_the_models_say(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.transaction() as session:
        assert await (await session.connection()).run_sync(differences) == []


def checks_of_the_models() -> dict[str, str]:
    """Every CHECK constraint's table, by name."""
    return {
        str(constraint.name): table.name
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }


async def test_migrations_make_every_check_of_the_models(database: Database) -> None:
    """Alembic does not compare them."""
    async with database.transaction() as session:
        rows = await session.execute(
            text(
                "SELECT conname, conrelid::regclass::text FROM pg_constraint "
                "WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
            )
        )
        assert {name: table for name, table in rows} == checks_of_the_models()


_CHECKS = """
    SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE contype = 'c' AND connamespace = $1::regnamespace"""


async def test_checks_are_the_same_in_the_models_and_in_the_database(addresses: PostgresAddresses) -> None:
    """Alembic compares neither names nor words: what only a model allows, a form would let pass into a refusal."""
    connection = await asyncpg.connect(addresses.owner)
    transaction = connection.transaction()
    await transaction.start()
    try:
        made = {(table, name): check for table, name, check in await connection.fetch(_CHECKS, "public")}
        for table in metadata.tables.values():
            checks = [one for one in table.constraints if isinstance(one, CheckConstraint)]
            if checks:
                await connection.execute(f"CREATE TEMP TABLE {table.name} (LIKE public.{table.name})")
                added = ", ".join(f"ADD CONSTRAINT {one.name} CHECK ({one.sqltext})" for one in checks)
                await connection.execute(f"ALTER TABLE pg_temp.{table.name} {added}")
        temporary = await connection.fetchval("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")
        said = {(table, name): check for table, name, check in await connection.fetch(_CHECKS, temporary)}
        assert made == said
    finally:
        await transaction.rollback()
        await connection.close()


RECORDS = (
    "events",
    "consolidations",
    "consolidated_items",
    "assignments",
    "allocations",
    "allocation_shares",
    "allocation_debts",
    "minutes_versions",
)
"""Tables whose rows are written once and for ever."""

TAKEN = ("committee_id", "number", "content", "votes_for", "purchase_id", "act", "terms", "created_at")
"""What a committee decided, beside what became of it."""

FORBIDDEN = [
    *(
        f"UPDATE {table} SET {column} = {column}"
        for table, column in (("authorities", "name"), ("directory_editions", "year"), ("catalogue_versions", "number"))
    ),
    *(f"DELETE FROM {table}" for table in OF_THE_HOST),
    (
        "INSERT INTO authorities (siren, name, kind, department, population, postcodes, letters, terms) "
        "VALUES ('999999999', 'x', 'CC', '33', 0, '{}', 'x', '')"
    ),
    (
        "INSERT INTO catalogue_versions (code, number, content, withdrawn, written_at, written_by) "
        """VALUES ('abris', 1, '{"code": "abris"}', false, now(), 1)"""
    ),
    "INSERT INTO directory_editions (year, loaded_at, added, changed, gone) VALUES (2099, now(), 0, 0, 0)",
    *(f"UPDATE {table} SET group_id = group_id" for table in RECORDS),
    *(f"DELETE FROM {table}" for table in RECORDS),
    *(f"TRUNCATE {table}" for table in (*RECORDS, "needs", "members")),
    (
        "INSERT INTO events (group_id, at, subject_kind, subject_id, name, details, recorded_at) "
        "VALUES (1, now(), 'group', 1, 'x', '{}', '2020-01-01')"
    ),
    (
        "INSERT INTO events (group_id, id, at, subject_kind, subject_id, name, details) "
        "OVERRIDING SYSTEM VALUE VALUES (1, 1, now(), 'group', 1, 'x', '{}')"
    ),
    (
        "INSERT INTO minutes_versions (group_id, committee_id, number, content, written_by, begun_at, written_at, "
        "recorded_at) VALUES (1, 1, 1, '', 1, now(), now(), '2020-01-01')"
    ),
    "DELETE FROM decisions",
    *(f"UPDATE decisions SET {column} = {column}" for column in TAKEN),
    "UPDATE files SET name = 'x'",
    "UPDATE file_contents SET content = ''",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_put(1, 0, 'x')",
    "SELECT lo_get(1)",
    "UPDATE alembic_version SET version_num = 'x'",
    "DELETE FROM alembic_version",
    "INSERT INTO alembic_version VALUES ('x')",
    "CREATE TABLE mine (id bigint)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql RETURN 1",
    "ALTER TABLE members DISABLE ROW LEVEL SECURITY",
    "DROP POLICY group_only ON members",
    "DROP TABLE members",
    f"SET ROLE {OWNER}",
    "SET ROLE postgres",
    "COPY members TO PROGRAM 'true'",
]


@pytest_asyncio.fixture
async def application(addresses: PostgresAddresses) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(addresses.application)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_application_may_not(application: asyncpg.Connection, statement: str) -> None:
    assert await application.fetchval("SELECT current_user") == APPLICATION
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await application.execute(statement)


async def test_the_application_owns_nothing_and_escapes_nothing(application: asyncpg.Connection) -> None:
    owned = await application.fetch(
        "SELECT relname AS name FROM pg_class WHERE relowner = current_user::regrole "
        "UNION ALL SELECT proname FROM pg_proc WHERE proowner = current_user::regrole "
        "UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner = current_user::regrole "
        "UNION ALL SELECT datname FROM pg_database WHERE datdba = current_user::regrole"
    )
    assert owned == []
    role = await application.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    )
    assert role is not None
    assert not any(role.values())
    memberships = "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole"
    assert await application.fetchval(memberships) == 0


async def test_functions_that_run_as_the_owner_are_for_the_application_alone(application: asyncpg.Connection) -> None:
    """Each pins its search path, temporary tables last, so that no table of somebody else's stands before ours."""
    rows = await application.fetch(
        "SELECT proname, proconfig, has_function_privilege('public', oid, 'EXECUTE') AS open FROM pg_proc "
        "WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    assert len(rows) >= 5
    pinned = "search_path=pg_catalog, public, pg_temp"
    assert [row["proname"] for row in rows if row["open"] or pinned not in (row["proconfig"] or [])] == []


# What each CHECK constraint refuses, beside something like it that it lets through: columns and values as SQL.
ABOUT = ("agenda_items", "agent_days", "attached_files", "decisions", "difficulties")
"""Tables whose rows are about something."""
REFUSED: dict[str, list[tuple[str, str]]] = {
    "ck_authorities_commune_has_insee": [("kind", "'commune'"), ("kind, insee", "'CC', '33009'")],
    "ck_authorities_population_not_negative": [("population", "-1")],
    "ck_authorities_siren_has_nine_digits": [("siren", "'21330009'"), ("siren", "'21330009A'")],
    "ck_directory_editions_counts_not_negative": [
        *((counted, "-1") for counted in ("added", "changed", "gone")),
    ],
    "ck_catalogue_versions_code_is_a_name": [
        ("code, content", f"'{code}', '{{\"code\": \"{code}\"}}'") for code in ("", "2-roues", "Abris")
    ],
    "ck_catalogue_versions_counts_from_one": [("number", "0")],
    "ck_catalogue_versions_content_has_its_code": [("code, content", """'abris', '{"code": "velos"}'""")],
    "ck_agenda_items_difficulty_named": [("topic", "'difficulty'"), ("topic, difficulty_id", "'typed', 1")],
    "ck_agenda_items_topic_is_a_name": [("topic", "'Something else'"), ("topic", "''")],
    "ck_agenda_items_duration_positive": [("duration_minutes", "0")],
    "ck_experiences_has_title": [("title", "''")],
    "ck_experiences_cost_not_negative": [("cost_cents", "-1")],
    "ck_experience_questions_says_something": [("content", "''")],
    "ck_experience_questions_answered_once": [
        ("content, answer", "'x', 'y'"),
        ("content, answer, answered_at", "'x', '', now()"),
    ],
    "ck_action_estimates_spread_known": [("spread", "'luck'")],
    "ck_action_estimates_charges_key_known": [("charges_key", "'luck'")],
    "ck_action_estimates_three_at_most": [("place", "0"), ("place", "4")],
    "ck_action_estimates_named": [("label, charges_label", "'', 'x'"), ("label, charges_label", "'x', ''")],
    "ck_action_estimates_not_negative": [("charges_cents", "-1")],
    "ck_action_estimates_percent": [("charges_vat_hundredths", "-1"), ("charges_vat_hundredths", "10001")],
    "ck_action_estimates_quantities_by_item": [("quantities", "'[1]'")],
    "ck_action_items_named": [
        ("code, name, unit", values) for values in ("'', 'x', 'x'", "'x', '', 'x'", "'x', 'x', ''")
    ],
    "ck_action_items_twelve_at_most": [("position", "0"), ("position", "13")],
    "ck_action_items_not_negative": [
        ("unit_price_cents", "-1"),
        ("price_alone_cents, price_source, priced_on", "-1, 'x', '2027-01-01'"),
    ],
    "ck_action_items_percent": [("vat_hundredths", "-1"), ("vat_hundredths", "10001")],
    "ck_action_items_cpv_has_check_digit": [("cpv", "'34422000'")],
    "ck_action_items_account_has_digits": [("account", "'92'")],
    "ck_action_items_price_has_source": [
        ("price_alone_cents, price_source, priced_on", values)
        for values in ("1, '', NULL", "1, 'x', NULL", "NULL, 'x', '2027-01-01'")
    ],
    "ck_action_aids_six_at_most": [
        ("place, position, rate_hundredths", values) for values in ("0, 1, 1", "4, 1, 1", "1, 0, 1", "1, 7, 1")
    ],
    "ck_action_aids_named": [("label, rate_hundredths", "'', 1")],
    "ck_action_aids_rate_or_amount": [
        ("rate_hundredths, amount_cents", "1, 1"),
        ("rate_hundredths, amount_cents", "NULL, NULL"),
    ],
    "ck_action_aids_percent": [("rate_hundredths", "-1"), ("rate_hundredths", "10001")],
    "ck_action_aids_not_negative": [
        ("amount_cents", "-1"),
        ("rate_hundredths, cap_per_unit_cents", "1, -1"),
        ("rate_hundredths, cap_total_cents", "1, -1"),
    ],
    "ck_action_aids_rate_has_ceilings": [
        ("amount_cents, cap_per_unit_cents", "1, 1"),
        ("amount_cents, cap_total_cents", "1, 1"),
    ],
    "ck_action_terms_kind_known": [("kind", "'gift'")],
    "ck_action_terms_coordination_known": [("coordination", "'some'")],
    "ck_action_terms_ordered_before_delivered": [("order_by, deliver_by", "'2027-02-01', '2027-01-01'")],
    "ck_action_terms_asked_until_a_day": [
        ("answer_by, asked_at, revision", values)
        for values in ("'2027-01-01', NULL, 1", "NULL, now(), 1", "NULL, NULL, 0")
    ],
    "ck_action_answers_position_known": [("position", "'perhaps'")],
    "ck_action_answers_condition_said": [
        ("position, condition", "'under_condition', ''"),
        ("position, condition", "'in', 'x'"),
    ],
    "ck_action_answers_deliberation_dated": [
        ("deliberation, deliberated_on", "'x', NULL"),
        ("deliberation, deliberated_on", "'', '2027-01-01'"),
    ],
    "ck_action_answers_quantities_by_item": [("quantities", "'[1]'")],
    "ck_charter_versions_counts_from_one": [("number", "0")],
    "ck_charter_versions_fingerprint_is_sha256": [("fingerprint", "'abc'")],
    "ck_charter_calls_counts_from_one": [("revision", "0")],
    "ck_charter_signatures_names_who_signs": [("name, function", "'', 'x'"), ("name, function", "'x', ''")],
    "ck_charter_signatures_withdrawn_says_why": [
        ("withdrawn_at, withdrawn_because", "now(), ''"),
        ("withdrawn_at, withdrawn_because", "NULL, 'x'"),
    ],
    "ck_action_phases_has_label": [("label, begins_on, ends_on", "'', '2027-01-01', '2027-01-02'")],
    "ck_action_phases_ends_after_start": [("begins_on, ends_on", "'2027-01-02', '2027-01-01'")],
    "ck_partners_has_name": [("name, letters", "'', 'a'"), ("name, letters", "'A', ''")],
    "ck_partners_kind_known": [("kind", "'friend'")],
    "ck_partners_website_is_address": [("website", "'javascript:alert(1)'"), ("website", "'https://a b'")],
    "ck_contributions_not_negative": [("amount_cents", "-1"), ("half_days", "-1")],
    "ck_attached_files_goes_with_one": [
        ("committee_id, purchase_id", "1, 1"),
        ("committee_id, action_id", "1, 1"),
        ("committee_id", "NULL"),
    ],
    "ck_attached_files_item_of_committee": [("agenda_item_id, purchase_id", "1, 1")],
    "ck_attached_files_item_of_purchase": [("item_id, committee_id", "1, 1")],
    "ck_attached_files_answer_of_action": [("answering_id, committee_id", "1, 1")],
    "ck_collections_closed_has_date": [
        ("purchase_id, state", "1, 'closed'"),
        ("purchase_id, state, closed_at", "1, 'open', now()"),
    ],
    "ck_collections_one_subject": [("purchase_id", "NULL"), ("purchase_id, round_id", "1, 1")],
    "ck_committee_guests_person_or_name": [("person_id, name", "1, 'Claire'"), ("name", "''")],
    "ck_committee_invitations_noted_answer": [("noted_by", "1")],
    "ck_committee_invitations_proxy_is_another": [("person_id, answer, proxy_id", "1, 'proxy', 1")],
    "ck_committee_invitations_proxy_named": [("answer", "'proxy'"), ("answer, proxy_id", "'no', 1"), ("proxy_id", "1")],
    "ck_committees_clear_days": [("clear_days", "2")],
    "ck_decisions_act_has_subject": [("act", "'close'")],
    "ck_decisions_act_is_a_name": [("act, purchase_id", "'Something else', 1"), ("act, purchase_id", "'', 1")],
    "ck_decisions_acted_by_somebody": [("acted_at", "now()"), ("acted_by", "1")],
    "ck_decisions_votes_not_negative": [("votes_for", "-1"), ("votes_against", "-1"), ("votes_abstained", "-1")],
    "ck_difficulties_settled_once": [("state", "'settled'"), ("state, settled_at", "'raised', now()")],
    "ck_exports_failed_says_why": [("state", "'failed'"), ("state, reason", "'waiting', 'x'")],
    "ck_exports_leased_while_writing": [("state", "'writing'"), ("state, lease", "'waiting', 'x'")],
    "ck_exports_ready_has_file": [("state", "'ready'")],
    "ck_exports_transliterated_not_negative": [("transliterated", "-1")],
    "ck_files_not_empty": [("size", "0")],
    "ck_groups_cadence": [("committee_every_months", "0"), ("committee_every_months", "13")],
    "ck_groups_quorum_is_percent": [("quorum_percent", "-1"), ("quorum_percent", "100")],
    "ck_access_requests_decided_has_date": [("state", "'granted'"), ("state, decided_at", "'pending', now()")],
    "ck_allocation_debts_owes_somebody_something": [
        ("debtor, creditor, cents", "'a', '', 0"),
        ("debtor, creditor, cents", "'a', 'a', 1"),
    ],
    "ck_allocation_debts_suppliers_are_no_members": [
        ("creditor, supplier", "'b', 1"),
        ("creditor, supplier", "'', -1"),
    ],
    "ck_recovery_entries_has_amount": [("kind, cents", "'reminder', 1"), ("kind, cents", "'payment', 0")],
    "ck_recovery_entries_titre_is_due": [
        ("kind, due_on, number, cents", "'titre', NULL, '1', 1"),
        ("kind, due_on, cents", "'payment', now(), 1"),
    ],
    "ck_recovery_entries_titre_has_number": [
        ("kind, due_on, number, cents", "'titre', now(), '', 1"),
        ("kind, number, cents", "'reduction', '', 1"),
    ],
    "ck_recovery_entries_withdrawn_says_why": [
        ("withdrawn_at, withdrawn_because", "now(), ''"),
        ("withdrawn_at, withdrawn_because", "NULL, 'why'"),
    ],
    "ck_allocations_cause_known": [("cause", "'whim'")],
    "ck_allocation_shares_net_ties": [("ht, vat, subsidies, fctva, net", "10, 2, 3, 1, 9")],
    "ck_current_shares_net_ties": [("ht, vat, subsidies, fctva, net", "10, 2, 3, 1, 9")],
    "ck_current_allocations_stated_or_refused": [("stated, refused", "NULL, NULL"), ("stated, refused", "'{}', '{}'")],
    "ck_assignments_quantity_not_negative": [("quantity", "-1")],
    "ck_charges_amount_or_percent": [("amount_cents, percent", "1, 5"), ("amount_cents, percent", "NULL, NULL")],
    "ck_charges_scope_is_list_or_word": [
        ("amount_cents, scope", "1, '\"all\"'"),
        ("amount_cents, scope", "1, '{}'"),
        ("amount_cents, scope", "1, '1'"),
    ],
    "ck_charges_vat_rate_is_percent": [("percent, vat_rate", "5, -0.01"), ("percent, vat_rate", "5, 100.01")],
    "ck_committees_ends_after_start": [
        ("starts_at, ends_at", "now(), now()"),
        ("starts_at, ends_at", "now(), now() - interval '1 hour'"),
    ],
    "ck_grants_has_title_and_funder": [("title", "''"), ("funder", "''")],
    "ck_grants_amounts_positive": [("asked_cents", "0"), ("granted_on, granted_cents", "now(), 0")],
    "ck_grants_granted_whole": [("granted_on", "now()"), ("granted_cents", "1")],
    "ck_grants_granted_or_refused": [("granted_on, granted_cents, refused_on", "now(), 1, now()")],
    "ck_grants_about_one": [("purchase_id, action_id", "1, 1")],
    "ck_grants_subsidy_of_purchase": [("subsidy, purchase_id", "'a', NULL")],
    "ck_grant_payments_positive": [("cents", "0")],
    "ck_fctva_delays_years_of_the_law": [("years", "-1"), ("years", "3")],
    "ck_agent_days_some_time": [("days", "0")],
    "ck_agent_days_says_what": [("what", "''")],
    "ck_carbon_assumptions_some_way": [("kilometres", "0")],
    "ck_carbon_assumptions_another_way": [("replaced, replaced_by", "'bike', 'bike'")],
    "ck_carbon_assumptions_has_source": [("source", "''")],
    "ck_declarations_no_need_is_filed": [("state, filed_at, no_need", "'draft', NULL, true")],
    "ck_declarations_filed_has_date": [("state", "'filed'"), ("state, filed_at", "'draft', now()")],
    "ck_opinions_of_one": [("purchase_id, committee_id", "1, 1"), ("purchase_id", "NULL")],
    "ck_opinions_marks": [("first, purchase_id", "6, 1"), ("second, purchase_id", "0, 1")],
    "ck_group_sharings_nothing_without_consent": [
        ("snapshot, snapshot_on, compared, public", "'{}', '2027-03-01', false, false")
    ],
    "ck_group_sharings_snapshot_has_day": [("snapshot, compared", "'{}', true")],
    "ck_groups_slug_readable": [("slug", "''"), ("slug", "'Bassin'"), ("slug", "'a--b'"), ("slug", "'a/b'")],
    "ck_item_details_account_has_digits": [("account", "'9'"), ("account", "'21A'"), ("account", "'01'")],
    "ck_item_details_cpv_has_check_digit": [("cpv", "'34430000'"), ("cpv", "'34430000-x'")],
    "ck_item_details_price_has_source": [
        ("price_alone, price_source", "1, ''"),
        ("price_alone, price_source", "1, 'x'"),
        ("price_source, priced_on", "'x', '2027-01-01'"),
    ],
    "ck_item_details_price_not_negative": [("price_alone, price_source, priced_on", "-1, 'x', '2027-01-01'")],
    "ck_items_pack_and_minimum": [("pack, minimum", "0, 0"), ("pack, minimum", "1, -1")],
    "ck_items_price_not_negative": [("unit_price", "-0.0001")],
    "ck_items_vat_rate_is_percent": [("vat_rate", "-0.01"), ("vat_rate", "100.01")],
    "ck_lots_cpv_has_check_digit": [("number, cpv", "1, '34430000'")],
    "ck_lots_number_is_short": [("number", "0"), ("number", "100")],
    "ck_members_code_is_siren": [
        ("kind, code", "'legal_entity', '21330009'"),
        ("kind, code", "'legal_entity', '21330009x'"),
    ],
    "ck_members_merged_is_retired": [("merged_into_id", "2")],
    "ck_members_retired_says_why": [("retired_on", "'2027-01-01'"), ("retired_because", "'Parti'")],
    "ck_members_sizes_not_negative": [("population, agents", "-1, 0"), ("population, agents", "0, -1")],
    "ck_members_unit_has_parent": [("kind", "'internal_unit'"), ("kind, parent_id", "'legal_entity', 1")],
    "ck_memberships_role_of_member": [
        ("role", "'referent'"),
        ("role", "'finance'"),
        ("role, member_id", "'reader', 1"),
    ],
    "ck_memberships_role_of_purchase": [("role", "'lead_buyer'"), ("role, purchase_id", "'facilitator', 1")],
    "ck_lending_uses_month_by_its_first": [("month", "'2027-03-02'")],
    "ck_lending_uses_used_not_negative": [("used", "-1")],
    "ck_lendings_answered_has_date": [
        ("state, answered_at", "'agreed', NULL"),
        ("state, answered_at", "'asked', now()"),
    ],
    "ck_lendings_days_of_week": [("days", "0"), ("days", "128")],
    "ck_lendings_ended_early": [("ended_on, last_day", "'2027-03-02', '2027-03-02'")],
    "ck_lendings_ended_has_day": [
        ("state, answered_at", "'ended', now()"),
        ("state, answered_at, ended_on", "'agreed', now(), '2027-03-01'"),
    ],
    "ck_lendings_last_after_first": [("first_day, last_day", "'2027-03-02', '2027-03-01'")],
    "ck_lendings_price_not_negative": [("price_cents", "-1")],
    "ck_lendings_units_positive": [("units", "0")],
    "ck_needs_quantity_not_negative": [("quantity", "-1")],
    "ck_needs_up_to_not_below": [("quantity, up_to", "2, 1")],
    "ck_numberings_begins_at_one": [("last", "0")],
    "ck_offer_prices_not_negative": [("cents", "-1")],
    "ck_offers_counts_from_one": [("revision", "0")],
    "ck_offers_ends_after_start": [("valid_from, valid_until", "'2027-03-02', '2027-03-01'")],
    "ck_uptakes_not_negative": [("bought", "-1")],
    "ck_followups_not_negative": [("total_cents", "-1")],
    "ck_followup_costs_not_negative": [("cents", "-1")],
    "ck_purchases_outside_collects_nothing": [
        ("kind, state", "'outside', 'open'"),
        ("kind, state", "'outside', 'closed'"),
    ],
    "ck_participations_key_values_not_negative": [("population, agents", "-1, 0"), ("population, agents", "0, -1")],
    "ck_people_email_lower_case": [("email", "'A@b.fr'")],
    "ck_price_tiers_quantity_and_price": [
        ("from_quantity, unit_price", "0, 1"),
        ("from_quantity, unit_price", "1, -1"),
    ],
    "ck_need_details_says_something": [("note, engagement", "'', ''")],
    "ck_procurement_plans_launched_has_procedure": [
        ("procedure", "'adapted'"),
        ("procedure, launched_on", "'', '2026-11-27'"),
    ],
    "ck_procurement_plans_not_negative": [("options_cents", "-1"), ("maximum_cents", "-1"), ("renewals", "11")],
    "ck_procurement_shares_not_negative": [("spent_cents", "-1")],
    "ck_consultations_opened_after_date": [("offers_until, opened_at", "now(), now() - interval '1 second'")],
    "ck_quote_requests_lot_is_short": [("lot", "0"), ("lot", "100")],
    "ck_quote_criteria_number_is_short": [("number", "0"), ("number", "13")],
    "ck_quote_criteria_weight_is_percent": [("weight", "0"), ("weight", "100.01")],
    "ck_quote_marks_mark_or_cost": [("mark, cents, reason", "1, 1, 'x'"), ("reason", "'x'")],
    "ck_quote_marks_mark_out_of_twenty": [
        *(("mark, reason", f"{mark}, 'x'") for mark in ("-0.01", "20.01")),
        ("cents, reason", "-1, 'x'"),
    ],
    "ck_quote_marks_says_why": [("mark, reason", "1, ''")],
    "ck_quote_lines_pack_and_minimum": [("pack", "0"), ("minimum", "-1"), ("minimum_cents", "-1")],
    "ck_quote_lines_price_not_negative": [("unit_price", "-0.0001")],
    "ck_quote_tiers_quantity_and_price": [("from_quantity", "0"), ("unit_price", "-1")],
    "ck_quotes_lot_is_short": [("lot", "0"), ("lot", "100")],
    "ck_quotes_not_negative": [("delivery_cents", "-1"), ("delivery_days", "-1")],
    "ck_quotes_vat_rate_is_percent": [("delivery_vat_rate", "-0.01"), ("delivery_vat_rate", "100.01")],
    "ck_resources_days_of_week": [("days", "0"), ("days", "128")],
    "ck_resources_has_title": [("title", "''")],
    "ck_resources_price_not_negative": [("price_cents", "-1")],
    "ck_resources_quantity_positive": [("quantity", "0")],
    "ck_resources_until_after_from": [("from_day, until_day", "'2027-03-02', '2027-03-01'")],
    "ck_site_splits_quantity_positive": [("quantity", "0"), ("quantity", "-1")],
    "ck_statement_mails_number_of_an_invoice": [("number", "''"), ("number", "repeat('1', 21)")],
    "ck_statement_mails_sent_has_file": [("file_id", "1"), ("sent_at", "now()")],
    "ck_sites_has_name": [("name", "''")],
    "ck_sites_main_is_in_use": [("is_main, archived_at", "true, now()")],
    "ck_sites_postcode_has_five_digits": [("postcode", "'3312'"), ("postcode", "'2A004'"), ("postcode", "'331200'")],
    "ck_subsidies_not_negative": [
        ("amount_cents, cap_per_unit_cents, cap_total_cents", "-1, 0, 0"),
        ("amount_cents, cap_per_unit_cents, cap_total_cents", "0, -1, 0"),
        ("amount_cents, cap_per_unit_cents, cap_total_cents", "0, 0, -1"),
    ],
    "ck_subsidies_rate_is_percent": [("rate", "-0.01"), ("rate", "100.01")],
    "ck_subsidies_rate_or_amount": [("rate, amount_cents", "40, 1"), ("rate, amount_cents", "NULL, NULL")],
    "ck_action_factors_says_something": [("text", "''")],
    "ck_actions_ends_after_start": [("starts_on, ends_on", "'2027-03-02', '2027-03-01'")],
    "ck_actions_has_title": [("title", "''")],
    "ck_actions_set_aside_says_why": [
        ("state, set_aside_because", "'set_aside', ''"),
        ("state, set_aside_because", "'proposed', 'x'"),
    ],
    "ck_actions_rank_from_one": [("rank", "0")],
    **{
        f"ck_{table}_about_one": [("purchase_id, round_id", "1, 1"), ("round_id, action_id", "1, 1")] for table in ABOUT
    },
    "ck_round_actions_rank_from_one": [("rank", "0")],
    "ck_round_marks_value_fits": [("mark, value", "'points', 0"), ("mark, value", "'impact', 6")],
    "ck_round_voters_weight_not_negative": [("weight", "-1")],
    "ck_rounds_closes_after_opening": [("opens_at, closes_at", "now(), now()")],
    "ck_rounds_criteria_weigh": [
        ("method, impact_weight, cost_weight, ease_weight, urgency_weight", values)
        for values in ("'criteria', 0, 0, 0, 0", "'points', 0, 1, 0, 0", "'criteria', -1, 2, 0, 0")
    ],
    "ck_rounds_has_title": [("title", "''")],
    "ck_workshop_notes_says_something": [("text", "''")],
    "ck_workshop_themes_dots_not_negative": [("dots", "-1")],
    "ck_workshop_themes_has_title": [("title", "''")],
    "ck_workshops_closed_has_no_code": [("state, code", "'closed', 'x'"), ("state, code", "'ranking', NULL")],
    "ck_workshops_expires_after_opening": [("state, code, opened_at, expires_at", "'ranking', 'x', now(), now()")],
    "ck_rounds_points_have_budget": [("method, budget", "'points', 0"), ("method, budget", "'criteria', 1")],
    "ck_advances_positive": [("cents", "0")],
    "ck_bill_lines_vat_rate_is_percent": [("vat_rate", "-0.01"), ("vat_rate", "100.01")],
    "ck_bill_rates_vat_rate_is_percent": [("vat_rate", "-0.01"), ("vat_rate", "100.01")],
    "ck_bills_accepted_has_supplier": [("state, decided_at", "'accepted', now()")],
    "ck_bills_accepted_in_euros": [("state, decided_at, supplier_id, currency", "'accepted', now(), 1, 'USD'")],
    "ck_bills_counts_from_one": [("version", "0")],
    "ck_bills_decided_has_date": [("state", "'rejected'"), ("state, decided_at", "'disputed', now()")],
    "ck_order_charges_vat_rate_is_percent": [("vat_rate", "-0.01"), ("vat_rate", "100.01")],
    "ck_order_items_price_not_negative": [("unit_price", "-0.0001")],
    "ck_order_items_vat_rate_is_percent": [("vat_rate", "-0.01"), ("vat_rate", "100.01")],
    "ck_order_lines_quantity_not_negative": [("quantity", "-1")],
    "ck_order_versions_counts_from_one": [("number", "0")],
    "ck_contract_data_lot_is_short": [("lot", "-1"), ("lot", "100")],
    "ck_contract_data_not_negative": [("amount_cents", "-1"), ("worth_cents", "-1")],
    "ck_contract_data_published_once_notified": [("notified_on, published_on", "'2027-02-02', '2027-02-01'")],
    "ck_kept_documents_number_counts": [("number", "0")],
    "ck_order_buyers_siret_written": [("siret", "'123'"), ("siret", "'2133026070001A'")],
    "ck_orders_cancelled_has_date": [("state", "'cancelled'"), ("state, cancelled_at", "'draft', now()")],
    "ck_orders_counts_from_one": [("number, version", "0, 1"), ("number, version", "1, 0")],
    "ck_orders_reference_comes_back": [
        *(("reference", typed) for typed in ("''", "'-1'", "'AG 1'", "'AG-é'", "repeat('A', 36)")),
    ],
    "ck_orders_sent_has_date": [("state", "'sent'"), ("state", "'confirmed'")],
    "ck_orders_tolerances": [("over_percent, under_percent", "101, 0"), ("over_percent, under_percent", "0, -1")],
    "ck_receipt_lines_refused_says_why": [
        ("accepted, refused, reason", "0, 1, ''"),
        ("accepted, refused, reason", "1, 0, 'x'"),
    ],
    "ck_receipt_lines_something_arrived": [
        ("accepted, refused", "0, 0"),
        ("accepted, refused", "-1, 2"),
        ("accepted, refused", "2, -1"),
    ],
    "ck_receipt_list_lines_good_has_line": [("problem, accepted, refused", "'', 1, 0")],
    "ck_receipt_list_lines_good_has_units": [
        ("problem, order_line_id, order_id, accepted, refused", "'', 1, 1, 0, 0"),
    ],
    "ck_receipt_list_lines_line_of_order": [("problem, order_line_id", "'x', 1"), ("problem, order_id", "'x', 1")],
    "ck_receipt_lists_kept_has_date": [("state", "'kept'"), ("state, kept_at", "'read', now()")],
    "ck_receipts_withdrawn_has_date": [("withdrawn_by, withdrawn_because", "1, ''")],
    "ck_receipts_withdrawn_says_why": [
        ("withdrawn_at, withdrawn_because", "now(), ''"),
        ("withdrawn_because", "'x'"),
    ],
    "ck_suppliers_identified": [("siret, vat_number", "NULL, ''")],
    "ck_webhook_attempts_answered_or_failed": [("status, error", "NULL, ''"), ("status, error", "200, 'timeout'")],
    "ck_webhook_deliveries_ended_has_date": [
        ("state, ended_at", "'delivered', NULL"),
        ("state, ended_at", "'waiting', now()"),
    ],
    "ck_webhook_deliveries_leased_while_sending": [
        ("state, lease", "'sending', NULL"),
        ("state, lease", "'waiting', 'x'"),
    ],
    "ck_webhooks_former_secret_ends": [("former_secret, former_until", "'x', NULL")],
    "ck_webhooks_stopped_has_date": [("stopped, stopped_at", "'gone', NULL")],
    "ck_webhooks_told_of_something": [("kinds", "'{}'")],
    "ck_suppliers_siret_written": [("siret", "'7328293200007'"), ("siret", "'732 829 320 00074'")],
}
ACCEPTED: dict[str, tuple[str, str]] = {
    "ck_authorities_commune_has_insee": ("kind, insee", "'commune', '2A004'"),
    "ck_authorities_population_not_negative": ("population", "0"),
    "ck_authorities_siren_has_nine_digits": ("siren", "'213300098'"),
    "ck_directory_editions_counts_not_negative": ("added, changed, gone", "0, 0, 0"),
    "ck_catalogue_versions_code_is_a_name": ("code, content", """'abris', '{"code": "abris"}'"""),
    "ck_catalogue_versions_counts_from_one": ("number", "1"),
    "ck_catalogue_versions_content_has_its_code": ("code, content", """'abris', '{"code": "abris"}'"""),
    "ck_agenda_items_difficulty_named": ("topic, difficulty_id", "'difficulty', 1"),
    "ck_agenda_items_topic_is_a_name": ("topic", "'follow_up'"),
    "ck_agenda_items_duration_positive": ("duration_minutes", "1"),
    "ck_experiences_has_title": ("title", "'x'"),
    "ck_experiences_cost_not_negative": ("cost_cents", "0"),
    "ck_experience_questions_says_something": ("content, answer", "'x', ''"),
    "ck_experience_questions_answered_once": ("content, answer, answered_at", "'x', 'y', now()"),
    "ck_action_estimates_spread_known": ("spread", "'agents'"),
    "ck_action_estimates_charges_key_known": ("charges_key", "'amount'"),
    "ck_action_estimates_three_at_most": ("place", "3"),
    "ck_action_estimates_named": ("label, charges_label", "'x', 'x'"),
    "ck_action_estimates_not_negative": ("charges_cents", "0"),
    "ck_action_estimates_percent": ("charges_vat_hundredths", "10000"),
    "ck_action_estimates_quantities_by_item": ("quantities", "'{}'"),
    "ck_action_items_named": ("code, name, unit", "'x', 'x', 'x'"),
    "ck_action_items_twelve_at_most": ("position", "12"),
    "ck_action_items_not_negative": (
        "unit_price_cents, price_alone_cents, price_source, priced_on",
        "0, 0, 'x', '2027-01-01'",
    ),
    "ck_action_items_percent": ("vat_hundredths", "10000"),
    "ck_action_items_cpv_has_check_digit": ("cpv", "'34422000-7'"),
    "ck_action_items_account_has_digits": ("account", "'21828'"),
    "ck_action_items_price_has_source": ("price_alone_cents, price_source, priced_on", "1, 'x', '2027-01-01'"),
    "ck_action_aids_six_at_most": ("place, position, rate_hundredths", "3, 6, 1"),
    "ck_action_aids_named": ("label, rate_hundredths", "'x', 1"),
    "ck_action_aids_rate_or_amount": ("rate_hundredths, amount_cents", "1, NULL"),
    "ck_action_aids_percent": ("rate_hundredths", "10000"),
    "ck_action_aids_not_negative": ("rate_hundredths, cap_per_unit_cents, cap_total_cents", "1, 0, 0"),
    "ck_action_aids_rate_has_ceilings": ("rate_hundredths, cap_per_unit_cents, cap_total_cents", "1, 1, 1"),
    "ck_action_terms_kind_known": ("kind", "'service'"),
    "ck_action_terms_coordination_known": ("coordination", "'full'"),
    "ck_action_terms_ordered_before_delivered": ("order_by, deliver_by", "'2027-01-01', '2027-01-01'"),
    "ck_action_terms_asked_until_a_day": ("answer_by, asked_at, revision", "'2027-01-01', now(), 2"),
    "ck_action_answers_position_known": ("position", "'out'"),
    "ck_action_answers_condition_said": ("position, condition", "'under_condition', 'x'"),
    "ck_action_answers_deliberation_dated": ("deliberation, deliberated_on", "'x', '2027-01-01'"),
    "ck_action_answers_quantities_by_item": ("quantities", "'{}'"),
    "ck_charter_versions_counts_from_one": ("number", "1"),
    "ck_charter_versions_fingerprint_is_sha256": ("fingerprint", "repeat('a', 64)"),
    "ck_charter_calls_counts_from_one": ("revision", "1"),
    "ck_charter_signatures_names_who_signs": ("name, function", "'x', 'x'"),
    "ck_charter_signatures_withdrawn_says_why": ("withdrawn_at, withdrawn_because", "now(), 'x'"),
    "ck_action_phases_has_label": ("label, begins_on, ends_on", "'Essai', '2027-01-01', '2027-01-02'"),
    "ck_action_phases_ends_after_start": ("begins_on, ends_on", "'2027-01-01', '2027-01-01'"),
    "ck_partners_has_name": ("name, letters", "'A', 'a'"),
    "ck_partners_kind_known": ("kind", "'company'"),
    "ck_partners_website_is_address": ("website", "'https://atelier.example'"),
    "ck_contributions_not_negative": ("amount_cents, half_days", "0, 0"),
    "ck_attached_files_goes_with_one": ("action_id", "1"),
    "ck_attached_files_item_of_committee": ("agenda_item_id, committee_id", "1, 1"),
    "ck_attached_files_item_of_purchase": ("item_id, purchase_id", "1, 1"),
    "ck_attached_files_answer_of_action": ("answering_id, action_id", "1, 1"),
    "ck_collections_closed_has_date": ("purchase_id, state, closed_at", "1, 'closed', now()"),
    "ck_collections_one_subject": ("purchase_id", "1"),
    "ck_committee_guests_person_or_name": ("name", "'Claire'"),
    "ck_committee_invitations_noted_answer": ("answer, noted_by", "'yes', 1"),
    "ck_committee_invitations_proxy_is_another": ("person_id, answer, proxy_id", "1, 'proxy', 2"),
    "ck_committee_invitations_proxy_named": ("answer, proxy_id", "'proxy', 1"),
    "ck_committees_clear_days": ("clear_days", "3"),
    "ck_decisions_act_has_subject": ("act, purchase_id", "'close', 1"),
    "ck_decisions_act_is_a_name": ("act, purchase_id", "'change_terms', 1"),
    "ck_decisions_acted_by_somebody": ("acted_at, acted_by", "now(), 1"),
    "ck_decisions_votes_not_negative": ("votes_for, votes_against, votes_abstained", "0, 0, 0"),
    "ck_difficulties_settled_once": ("state, settled_at", "'settled', now()"),
    "ck_exports_failed_says_why": ("state, reason", "'failed', 'x'"),
    "ck_exports_leased_while_writing": ("state, lease", "'writing', 'x'"),
    "ck_exports_ready_has_file": ("state, file_id", "'ready', 1"),
    "ck_exports_transliterated_not_negative": ("transliterated", "0"),
    "ck_files_not_empty": ("size", "1"),
    "ck_groups_cadence": ("committee_every_months", "12"),
    "ck_groups_quorum_is_percent": ("quorum_percent", "0"),
    "ck_access_requests_decided_has_date": ("state, decided_at", "'granted', now()"),
    "ck_allocation_debts_owes_somebody_something": ("debtor, creditor, cents", "'a', '', -5"),
    "ck_allocation_debts_suppliers_are_no_members": ("debtor, creditor, supplier, cents", "'a', '', 1, -5"),
    "ck_recovery_entries_has_amount": ("kind, cents", "'reminder', 0"),
    "ck_recovery_entries_titre_is_due": ("kind, due_on, number, cents", "'titre', now(), '1', 1"),
    "ck_recovery_entries_titre_has_number": ("kind, number, cents", "'reduction', 'R-1', 1"),
    "ck_recovery_entries_withdrawn_says_why": ("withdrawn_at, withdrawn_because", "now(), 'why'"),
    "ck_allocations_cause_known": ("cause", "'credit_note'"),
    "ck_allocation_shares_net_ties": ("ht, vat, subsidies, fctva, net", "10, 2, 3, 1, 8"),
    "ck_current_shares_net_ties": ("ht, vat, subsidies, fctva, net", "10, 2, 3, 1, 8"),
    "ck_current_allocations_stated_or_refused": ("stated, refused", "'{}', NULL"),
    "ck_assignments_quantity_not_negative": ("quantity", "0"),
    "ck_charges_amount_or_percent": ("percent", "-2.5"),
    "ck_charges_scope_is_list_or_word": ("amount_cents, scope", "1, '\"participants\"'"),
    "ck_charges_vat_rate_is_percent": ("amount_cents, vat_rate", "1, 5.5"),
    "ck_committees_ends_after_start": ("starts_at, ends_at", "now(), now() + interval '1 hour'"),
    "ck_declarations_no_need_is_filed": ("state, filed_at, no_need", "'filed', now(), true"),
    "ck_declarations_filed_has_date": ("state, filed_at", "'filed', now()"),
    "ck_groups_slug_readable": ("slug", "'bassin-d-arcachon-2'"),
    "ck_item_details_account_has_digits": ("account", "'21828'"),
    "ck_item_details_cpv_has_check_digit": ("cpv", "'34430000-0'"),
    "ck_item_details_price_has_source": ("price_alone, price_source, priced_on", "1, 'x', '2027-01-01'"),
    "ck_item_details_price_not_negative": ("price_alone, price_source, priced_on", "0, 'x', '2027-01-01'"),
    "ck_items_pack_and_minimum": ("pack, minimum", "1, 0"),
    "ck_items_price_not_negative": ("unit_price", "0"),
    "ck_items_vat_rate_is_percent": ("vat_rate", "100"),
    "ck_lots_cpv_has_check_digit": ("number, cpv", "1, '34430000-0'"),
    "ck_lots_number_is_short": ("number", "99"),
    "ck_members_code_is_siren": ("kind, code, parent_id", "'internal_unit', 'UFR', 1"),
    "ck_members_merged_is_retired": ("merged_into_id, retired_on, retired_because", "2, '2027-01-01', 'Fusion'"),
    "ck_members_retired_says_why": ("retired_on, retired_because", "'2027-01-01', 'Parti'"),
    "ck_members_sizes_not_negative": ("population, agents", "0, 0"),
    "ck_members_unit_has_parent": ("kind, code", "'legal_entity', '213300098'"),
    "ck_memberships_role_of_member": ("role, member_id", "'finance', 1"),
    "ck_memberships_role_of_purchase": ("role, purchase_id", "'lead_buyer', 1"),
    "ck_lending_uses_month_by_its_first": ("month", "'2027-03-01'"),
    "ck_lending_uses_used_not_negative": ("used", "0"),
    "ck_lendings_answered_has_date": ("state, answered_at", "'refused', now()"),
    "ck_lendings_days_of_week": ("days", "127"),
    "ck_lendings_ended_early": ("ended_on, last_day", "'2027-03-01', '2027-03-02'"),
    "ck_lendings_ended_has_day": ("state, answered_at, ended_on", "'ended', now(), '2027-03-01'"),
    "ck_grants_has_title_and_funder": ("title, funder", "'Alvéole', 'État'"),
    "ck_grants_amounts_positive": ("asked_cents", "1"),
    "ck_grants_granted_whole": ("granted_on, granted_cents", "now(), 1"),
    "ck_grants_granted_or_refused": ("refused_on", "now()"),
    "ck_grants_about_one": ("purchase_id, action_id", "NULL, NULL"),
    "ck_grants_subsidy_of_purchase": ("subsidy, purchase_id", "'', NULL"),
    "ck_grant_payments_positive": ("cents", "1"),
    "ck_fctva_delays_years_of_the_law": ("years", "2"),
    "ck_agent_days_some_time": ("days", "0.25"),
    "ck_agent_days_says_what": ("what", "'Une réunion'"),
    "ck_carbon_assumptions_some_way": ("kilometres", "1"),
    "ck_carbon_assumptions_another_way": ("replaced, replaced_by", "'petrol_car', 'bike'"),
    "ck_carbon_assumptions_has_source": ("source", "'Enquête'"),
    "ck_opinions_of_one": ("purchase_id, committee_id", "1, NULL"),
    "ck_opinions_marks": ("first, second, purchase_id", "1, 5, 1"),
    "ck_group_sharings_nothing_without_consent": (
        "snapshot, snapshot_on, compared, public",
        "'{}', '2027-03-01', false, true",
    ),
    "ck_group_sharings_snapshot_has_day": ("snapshot, snapshot_on, compared", "'{}', '2027-03-01', true"),
    "ck_lendings_last_after_first": ("first_day, last_day", "'2027-03-01', '2027-03-01'"),
    "ck_lendings_price_not_negative": ("price_cents", "0"),
    "ck_lendings_units_positive": ("units", "1"),
    "ck_needs_quantity_not_negative": ("quantity", "0"),
    "ck_needs_up_to_not_below": ("quantity, up_to", "2, 2"),
    "ck_numberings_begins_at_one": ("last", "1"),
    "ck_offer_prices_not_negative": ("cents", "0"),
    "ck_offers_counts_from_one": ("revision", "1"),
    "ck_offers_ends_after_start": ("valid_from, valid_until", "'2027-03-01', '2027-03-01'"),
    "ck_uptakes_not_negative": ("bought", "0"),
    "ck_followups_not_negative": ("total_cents", "0"),
    "ck_followup_costs_not_negative": ("cents", "0"),
    "ck_purchases_outside_collects_nothing": ("kind, state", "'outside', 'ordered'"),
    "ck_participations_key_values_not_negative": ("population, agents", "0, 0"),
    "ck_people_email_lower_case": ("email", "'a@b.fr'"),
    "ck_price_tiers_quantity_and_price": ("from_quantity, unit_price", "1, 0"),
    "ck_need_details_says_something": ("note, engagement", "'', 'E-14'"),
    "ck_procurement_plans_launched_has_procedure": ("procedure, launched_on", "'adapted', '2026-11-27'"),
    "ck_procurement_plans_not_negative": ("options_cents, maximum_cents, renewals", "0, 0, 10"),
    "ck_procurement_shares_not_negative": ("spent_cents", "0"),
    "ck_consultations_opened_after_date": ("offers_until, opened_at", "now(), now()"),
    "ck_quote_requests_lot_is_short": ("lot", "99"),
    "ck_quote_criteria_number_is_short": ("number", "12"),
    "ck_quote_criteria_weight_is_percent": ("weight", "100"),
    "ck_quote_marks_mark_or_cost": ("cents, reason", "0, 'x'"),
    "ck_quote_marks_mark_out_of_twenty": ("mark, reason", "20, 'x'"),
    "ck_quote_marks_says_why": ("mark, reason", "0, 'x'"),
    "ck_quote_lines_pack_and_minimum": ("pack, minimum, minimum_cents", "1, 0, 0"),
    "ck_quote_lines_price_not_negative": ("unit_price", "0"),
    "ck_quote_tiers_quantity_and_price": ("from_quantity, unit_price", "1, 0"),
    "ck_quotes_lot_is_short": ("lot", "1"),
    "ck_quotes_not_negative": ("delivery_cents, delivery_days", "0, 0"),
    "ck_quotes_vat_rate_is_percent": ("delivery_vat_rate", "5.5"),
    "ck_resources_days_of_week": ("days", "1"),
    "ck_resources_has_title": ("title", "'Bureaux'"),
    "ck_resources_price_not_negative": ("price_cents", "0"),
    "ck_resources_quantity_positive": ("quantity", "1"),
    "ck_resources_until_after_from": ("from_day, until_day", "'2027-03-01', '2027-03-01'"),
    "ck_site_splits_quantity_positive": ("quantity", "1"),
    "ck_sites_has_name": ("name", "'Mairie'"),
    "ck_sites_main_is_in_use": ("is_main, archived_at", "false, now()"),
    "ck_sites_postcode_has_five_digits": ("postcode", "''"),
    "ck_subsidies_not_negative": ("amount_cents, cap_per_unit_cents, cap_total_cents", "0, 0, 0"),
    "ck_subsidies_rate_is_percent": ("rate", "40"),
    "ck_subsidies_rate_or_amount": ("rate", "40"),
    "ck_action_factors_says_something": ("text", "'x'"),
    "ck_actions_ends_after_start": ("starts_on, ends_on", "'2027-03-01', '2027-03-01'"),
    "ck_actions_has_title": ("title", "'x'"),
    "ck_actions_set_aside_says_why": ("state, set_aside_because", "'set_aside', 'x'"),
    "ck_actions_rank_from_one": ("rank", "1"),
    **{f"ck_{table}_about_one": ("action_id", "1") for table in ABOUT},
    "ck_round_actions_rank_from_one": ("rank", "1"),
    "ck_round_marks_value_fits": ("mark, value", "'points', 6"),
    "ck_round_voters_weight_not_negative": ("weight", "0"),
    "ck_rounds_closes_after_opening": ("opens_at, closes_at", "now(), now() + interval '1 hour'"),
    "ck_rounds_criteria_weigh": (
        "method, impact_weight, cost_weight, ease_weight, urgency_weight",
        "'criteria', 0, 0, 0, 1",
    ),
    "ck_rounds_has_title": ("title", "'x'"),
    "ck_workshop_notes_says_something": ("text", "'x'"),
    "ck_workshop_themes_dots_not_negative": ("dots", "0"),
    "ck_workshop_themes_has_title": ("title", "'x'"),
    "ck_workshops_closed_has_no_code": ("state", "'closed'"),
    "ck_workshops_expires_after_opening": (
        "state, code, opened_at, expires_at",
        "'ranking', 'x', now(), now() + interval '1 hour'",
    ),
    "ck_rounds_points_have_budget": ("method, budget", "'points', 1"),
    "ck_advances_positive": ("cents", "1"),
    "ck_bill_lines_vat_rate_is_percent": ("vat_rate", "5.5"),
    "ck_bill_rates_vat_rate_is_percent": ("vat_rate", "0"),
    "ck_bills_decided_has_date": ("state, decided_at", "'rejected', now()"),
    "ck_bills_accepted_has_supplier": ("state, decided_at, supplier_id", "'accepted', now(), 1"),
    "ck_bills_accepted_in_euros": ("state, decided_at, supplier_id, currency", "'accepted', now(), 1, 'EUR'"),
    "ck_bills_counts_from_one": ("version", "1"),
    "ck_contract_data_lot_is_short": ("lot", "0"),
    "ck_contract_data_not_negative": ("amount_cents, worth_cents", "0, 0"),
    "ck_contract_data_published_once_notified": ("notified_on, published_on", "'2027-02-01', '2027-02-01'"),
    "ck_kept_documents_number_counts": ("number", "7"),
    "ck_order_buyers_siret_written": ("siret", "'21330260700018'"),
    "ck_order_charges_vat_rate_is_percent": ("vat_rate", "5.5"),
    "ck_order_items_price_not_negative": ("unit_price", "0"),
    "ck_order_items_vat_rate_is_percent": ("vat_rate", "20"),
    "ck_order_lines_quantity_not_negative": ("quantity", "0"),
    "ck_order_versions_counts_from_one": ("number", "1"),
    "ck_orders_cancelled_has_date": ("state, cancelled_at", "'cancelled', now()"),
    "ck_orders_counts_from_one": ("number, version", "1, 1"),
    "ck_orders_reference_comes_back": ("reference", "'AG-2026-003-1'"),
    "ck_orders_sent_has_date": ("state, sent_at", "'sent', now()"),
    "ck_orders_tolerances": ("over_percent, under_percent", "100, 2.5"),
    "ck_receipt_lines_refused_says_why": ("accepted, refused, reason", "1, 1, 'x'"),
    "ck_receipt_lines_something_arrived": ("accepted, refused", "0, 1"),
    "ck_receipt_list_lines_good_has_line": (
        "problem, order_line_id, order_id, accepted, refused",
        "'', 1, 1, 1, 0",
    ),
    "ck_receipt_list_lines_good_has_units": ("problem, accepted, refused", "'x', 0, 0"),
    "ck_receipt_list_lines_line_of_order": ("problem, accepted", "'x', 0"),
    "ck_receipt_lists_kept_has_date": ("state, kept_at", "'kept', now()"),
    "ck_receipts_withdrawn_has_date": (
        "withdrawn_at, withdrawn_by, withdrawn_because",
        "now(), 1, 'x'",
    ),
    "ck_receipts_withdrawn_says_why": ("withdrawn_at, withdrawn_because", "now(), 'x'"),
    "ck_suppliers_identified": ("vat_number", "'DE136695976'"),
    "ck_webhook_attempts_answered_or_failed": ("status, error", "204, ''"),
    "ck_webhook_deliveries_ended_has_date": ("state, ended_at", "'failed', now()"),
    "ck_webhook_deliveries_leased_while_sending": ("state, lease", "'sending', 'x'"),
    "ck_webhooks_former_secret_ends": ("former_secret, former_until", "'x', now()"),
    "ck_webhooks_stopped_has_date": ("stopped, stopped_at", "'gone', now()"),
    "ck_statement_mails_number_of_an_invoice": ("number", "repeat('1', 20)"),
    "ck_statement_mails_sent_has_file": ("sent_at, file_id", "now(), 1"),
    "ck_webhooks_told_of_something": ("kinds", "'{purchase.open}'"),
    "ck_suppliers_siret_written": ("siret", "'73282932000074'"),
}
WORDS = {name: table for name, table in checks_of_the_models().items() if name.endswith("_known")}
"""Columns that hold one of some words: all are tried with another one."""
OTHER_WORDS = {
    "ck_workshops_state_known": ("state, code", "'something else', 'x'"),
    "ck_collections_state_known": ("purchase_id, state", "1, 'something else'"),
    "ck_webhooks_stopped_known": ("stopped, stopped_at", "'something else', now()"),
    "ck_lendings_state_known": ("state, answered_at", "'something else', now()"),
    "ck_access_requests_state_known": ("state, decided_at", "'something else', now()"),
}
"""Where another constraint would refuse the word alone."""


def test_every_check_is_tried_here() -> None:
    assert set(REFUSED) | set(WORDS) == set(checks_of_the_models())
    assert set(ACCEPTED) == set(REFUSED)


@pytest.mark.parametrize("name", sorted(checks_of_the_models()))
async def test_a_check_refuses_what_it_must(application: asyncpg.Connection, name: str) -> None:
    """In a copy of the table with its CHECK constraints alone, where nothing else can refuse."""
    table = checks_of_the_models()[name]
    await application.execute(f"CREATE TEMP TABLE tried (LIKE {table} INCLUDING CONSTRAINTS)")
    for column in metadata.tables[table].columns:
        await application.execute(f'ALTER TABLE tried ALTER COLUMN "{column.name}" DROP NOT NULL')
    if name in WORDS:
        column_name = name.removeprefix(f"ck_{table}_").removesuffix("_known")
        refused = [OTHER_WORDS.get(name, (column_name, "'something else'"))]
    else:
        refused = REFUSED[name]
        columns, values = ACCEPTED[name]
        await application.execute(f"INSERT INTO tried ({columns}) VALUES ({values})")
    for columns, values in refused:
        savepoint = application.transaction()
        await savepoint.start()
        with pytest.raises(asyncpg.CheckViolationError) as violation:
            await application.execute(f"INSERT INTO tried ({columns}) VALUES ({values})")
        assert violation.value.constraint_name == name, f"{columns} = {values}"
        await savepoint.rollback()
