"""What is wrong around a command is one sentence; `doctor` says all of it at once; `remind` keeps to its limits."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from click.testing import Result

from factories import Territory
from ground.shell import Shell
from pooling.embedded.postgres import PostgresAddresses
from pooling.embedded.valkey import EmbeddedValkey

NEEDING = [("worker",), ("remind",), ("group", "create", "G", "--facilitator", "a@b.fr")]


def said(result: Result) -> str:
    return re.sub(r"\s+", " ", result.output)


@pytest.fixture
def queue(data_folder: Path) -> Iterator[str]:
    valkey = EmbeddedValkey(data_folder)
    yield valkey.url
    valkey.stop()


@pytest.mark.parametrize("words", NEEDING)
@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("postgresql://pooling_app:secret@127.0.0.1:1/pooling", "does not answer"),
        ("postgresql://pooling_app@/pooling?host=/nowhere", "does not answer"),
    ],
)
def test_a_database_that_is_away_is_one_sentence(
    own: Shell, words: tuple[str, ...], address: str, sentence: str
) -> None:
    own.settings["database_url"] = address
    refused = own(*words)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("pooling: the database postgresql://pooling_app@")
    assert sentence in refused.stderr
    assert "secret" not in refused.stderr


async def fall_behind(addresses: PostgresAddresses) -> None:
    connection = await asyncpg.connect(addresses.owner)
    await connection.execute("UPDATE alembic_version SET version_num = '0000'")
    await connection.close()


@pytest.mark.parametrize("words", NEEDING)
def test_an_unmigrated_database_is_one_sentence(
    own: Shell, words: tuple[str, ...], fresh_addresses: PostgresAddresses
) -> None:
    asyncio.run(fall_behind(fresh_addresses))
    refused = own(*words)
    assert refused.exit_code == 2
    assert refused.stderr == "pooling: the database is not at the present schema: run `pooling migrate` first.\n"


def test_migrations_need_the_owner(own: Shell) -> None:
    del own.settings["owner_database_url"]
    refused = own("migrate")
    assert refused.exit_code == 2
    assert "the setting POOLING_OWNER_DATABASE_URL is missing" in refused.stderr


def test_a_service_that_others_reach_names_its_key(own: Shell) -> None:
    own.settings["base_url"] = "https://achats.example.fr"
    refused = own("serve", "--port", "38917")
    assert (refused.exit_code, "the setting POOLING_SECRET_KEY is missing" in refused.stderr) == (2, True)


@pytest.mark.parametrize("name", ["reminders.toml", "branding.toml"])
def test_a_wrong_configuration_file_is_one_sentence(own: Shell, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("unknown = 1\n")
    own.settings["config_dir"] = str(tmp_path)
    refused = own("remind") if name == "reminders.toml" else own("serve", "--port", "38917")
    assert refused.exit_code == 2
    assert name in refused.stderr
    assert "unknown" in refused.stderr
    assert name in said(own("doctor"))


def test_the_doctor_finds_all_well(own: Shell, queue: str) -> None:
    """Mails that wait for a server to be named are good to know, no more; so are files that nobody scans, and
    answers that nobody reads.
    """
    own.settings["redis_url"] = queue
    seen = own("doctor")
    assert seen.exit_code == 0, seen.output
    assert said(seen).count("works") == 9
    assert said(seen).count("to know") == 3
    assert "to mend" not in said(seen)
    findings = json.loads(own("doctor", "--json").output)
    assert {finding["verdict"] for finding in findings} == {"works", "to know"}
    assert {"queue", "database", "migrations"} <= {finding["what"] for finding in findings}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("database_url", "postgresql://pooling_app@127.0.0.1:1/pooling", "database"),
        ("owner_database_url", "postgresql://pooling_owner@127.0.0.1:1/pooling", "owner"),
        ("redis_url", "unix:///nowhere/valkey.sock", "queue"),
        ("smtp_url", "smtp://127.0.0.1:1", "mail"),
        ("clamd", "unix:///nowhere/clamd.sock", "malware scanner"),
        ("smpt_url", "smtp://127.0.0.1:1", "there is no setting POOLING_SMPT_URL"),
    ],
)
def test_the_doctor_names_what_is_to_mend(own: Shell, queue: str, name: str, value: str, sentence: str) -> None:
    own.settings["redis_url"] = queue
    own.settings[name] = value
    seen = own("doctor")
    assert seen.exit_code == 1
    assert said(seen).count("to mend") == 1
    assert sentence in said(seen)


def test_the_doctor_sees_an_application_that_escapes(own: Shell, fresh_addresses: PostgresAddresses) -> None:
    own.settings["database_url"] = fresh_addresses.superuser
    seen = own("doctor")
    assert (seen.exit_code, "escapes row-level security" in said(seen)) == (1, True)


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("--at", "2027-03-01"), 1, "--at va avec --dry-run"),
        (("--at", "demain", "--dry-run"), 1, "--at attend une date"),
        (("--at", "2027-03-01", "--dry-run"), 0, "0 relance(s)"),
        ((), 0, "0 relance(s)"),
    ],
)
def test_time_is_played_with_in_a_rehearsal_alone(
    own: Shell, territory: Territory, words: tuple[str, ...], status: int, sentence: str
) -> None:
    done = own("remind", *words)
    assert (done.exit_code, sentence in said(done)) == (status, True)


def test_a_folder_without_a_demonstration_is_none(kept_folder: Path) -> None:
    """Real groups are no playground: their time is real."""
    shell = Shell(data_dir=str(kept_folder))
    assert shell("group", "create", "Bassin", "--facilitator", "a@b.fr").exit_code == 0
    refused = shell("remind", "--data-dir", kept_folder, "--at", "2027-03-01")
    assert refused.exit_code == 2
    assert "holds no demonstration" in refused.stderr


async def _stands_at(address: str, revision: str) -> None:
    connection = await asyncpg.connect(address)
    await connection.execute("UPDATE alembic_version SET version_num = $1", revision)
    await connection.close()


@pytest.mark.parametrize("revision", ["0005", "9999"])
def test_a_database_of_another_version_is_one_sentence(
    own: Shell, fresh_addresses: PostgresAddresses, revision: str
) -> None:
    asyncio.run(_stands_at(fresh_addresses.owner, revision))
    refused = own("migrate")
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"pooling: the database stands at revision {revision}, which this version")
