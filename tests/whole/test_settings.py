"""A wrong or missing setting: one clear sentence that names it, and exit status 2."""

import json
import re
from pathlib import Path

import pytest

from ground.shell import Shell
from pooling import PROJECT_ROOT
from pooling.settings import FILE, Settings, load_settings, source_of, unknown_settings, variable_of

APPLICATION = "postgresql://pooling_app:secret@db/pooling"
OWNER = "postgresql://pooling_owner:secret@db/pooling"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        for end in ("", FILE):
            monkeypatch.delenv(variable_of(name) + end, raising=False)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "mysql://a@b/c", "must start with postgresql://"),
        ("DATABASE_URL", "postgresql://db/pooling", "must name a role and a database"),
        ("DATABASE_URL", "postgresql://pooling_app@db", "must name a role and a database"),
        ("DATABASE_URL", "postgresql://pooling_app@db:80x0/pooling", "is not an address"),
        ("OWNER_DATABASE_URL", "pooling", "must start with postgresql://"),
        ("REDIS_URL", "http://queue", "must start with redis:// or rediss:// or unix://"),
        ("REDIS_URL", "redis://", "must name a host"),
        ("DATA_DIR", "/dev/null", "must be a folder"),
        ("CONFIG_DIR", "/nowhere/at/all", "must be a folder that exists"),
        ("BASE_URL", "achats.example.fr", "must start with http:// or https://"),
        ("BASE_URL", "https://achats.example.fr/pooling", "must be a host alone"),
        ("SECRET_KEY", "short", "must have at least 32 characters"),
        ("SMTP_URL", "mail.example.fr", "must start with smtp:// or smtps://"),
        ("SMTP_URL", "smtp://", "must name a host"),
        ("MAIL_FROM", "achats", "must be an e-mail address"),
        ("TIMEZONE", "Paris", "is not a time zone"),
        ("TIMEZONE", "../etc", "is not a time zone"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(
    name: str,
    value: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"POOLING_{name}", value)
    with pytest.raises(SystemExit) as stopped:
        load_settings()
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.startswith(f"pooling: the setting POOLING_{name} {sentence}")
    assert said.count("\n") == 1


def test_a_secret_is_never_repeated(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("POOLING_SECRET_KEY", "too-short-but-secret")
    with pytest.raises(SystemExit):
        load_settings()
    assert "too-short-but-secret" not in capsys.readouterr().err


def test_an_owner_without_an_application_makes_no_sense(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POOLING_OWNER_DATABASE_URL", OWNER)
    with pytest.raises(SystemExit, match="2"):
        load_settings()
    assert "the setting POOLING_DATABASE_URL (application role) is missing" in capsys.readouterr().err


def test_web_and_worker_do_without_the_owners_password() -> None:
    assert load_settings(database_url=APPLICATION).owner_database_url is None


def test_the_owner_may_not_be_the_application(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row-level security does not bind an owner."""
    monkeypatch.setenv("POOLING_DATABASE_URL", OWNER)
    monkeypatch.setenv("POOLING_OWNER_DATABASE_URL", OWNER)
    with pytest.raises(SystemExit, match="2"):
        load_settings()
    assert "both name the role pooling_owner" in capsys.readouterr().err


def test_an_empty_variable_is_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass variables that are not set as empty ones."""
    monkeypatch.setenv("POOLING_SMTP_URL", "")
    assert load_settings().smtp_url is None


def test_folders_are_found_from_wherever_the_command_is_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POOLING_DATA_DIR", "data")
    assert load_settings().data_dir == tmp_path / "data"


@pytest.mark.parametrize(
    ("base_url", "loopback"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000/", True),
        ("http://[::1]:8000", True),
        ("https://achats.example.fr", False),
    ],
)
def test_only_this_machine_is_loopback(base_url: str, loopback: bool) -> None:
    settings = load_settings(base_url=base_url)
    assert settings.is_loopback is loopback
    assert not settings.base_url.endswith("/")


def test_a_misspelt_setting_is_found() -> None:
    environment = {"POOLING_SMPT_URL": "smtp://mail", "POOLING_MAIL_FROM": "a@b", "HOME": "/root"}
    assert unknown_settings(environment) == ["POOLING_SMPT_URL"]


def test_it_is_told_by_every_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("POOLING_SMPT_URL", "smtp://mail")
    load_settings()
    assert (
        capsys.readouterr().err == "pooling: there is no setting POOLING_SMPT_URL: a misspelt name changes nothing.\n"
    )


def test_a_value_may_stand_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As secrets of containers do; the environment's own word goes before."""
    secret = tmp_path / "key"
    secret.write_text("k" * 40 + "\n")
    monkeypatch.setenv("POOLING_SECRET_KEY_FILE", str(secret))
    settings = load_settings()
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == "k" * 40
    assert source_of("secret_key") == f"file {secret}"
    assert unknown_settings() == []
    monkeypatch.setenv("POOLING_SECRET_KEY", "e" * 40)
    assert load_settings().secret_key != settings.secret_key
    monkeypatch.delenv("POOLING_SECRET_KEY")
    for content, sentence in (
        (b"short", "must have at least"),
        (b"\xff" * 40, "it is not text"),
        (None, "No such file"),
    ):
        secret.unlink()
        if content is not None:
            secret.write_bytes(content)
        with pytest.raises(SystemExit, match="2"):
            load_settings()
        said = capsys.readouterr().err
        assert said.startswith("pooling: the setting POOLING_SECRET_KEY")
        assert sentence in said


EXAMPLE = (PROJECT_ROOT / "deploy" / "pooling.env.example").read_text("utf-8")


def test_the_example_names_every_setting_with_its_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = dict(re.findall(r"^(#?POOLING_[A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert {name.removeprefix("#") for name in lines} == {variable_of(name) for name in Settings.model_fields}
    for name, value in lines.items():
        if not name.startswith("#"):
            monkeypatch.setenv(name, value)
    given = load_settings()
    for name, field in Settings.model_fields.items():
        commented = lines.get("#" + variable_of(name))
        if commented and field.default is not None and not isinstance(field.default, Path):
            assert commented == str(getattr(given, name)), name


def test_the_command_lists_them_and_hides_secrets() -> None:
    shell = Shell(
        secret_key="k" * 40, database_url=APPLICATION, smtp_url="smtp://us:hush@mail", timezone="Europe/Lisbon"
    )
    listed, told = shell("settings"), shell("settings", "--json")
    assert (listed.exit_code, told.exit_code) == (0, 0)
    assert not any(secret in listed.output + told.output for secret in ("k" * 40, "secret@", "hush"))
    by_variable = {one["variable"]: one for one in json.loads(told.output)}
    assert by_variable.keys() == {variable_of(name) for name in Settings.model_fields}
    assert by_variable["POOLING_TIMEZONE"] == {
        "variable": "POOLING_TIMEZONE",
        "value": "Europe/Lisbon",
        "source": "environment",
    }
    assert by_variable["POOLING_SMTP_URL"]["value"] == "smtp://us@mail"
    assert by_variable["POOLING_PURGE_AFTER_DAYS"] == {
        "variable": "POOLING_PURGE_AFTER_DAYS",
        "value": 365,
        "source": "default",
    }
    assert re.search(r"^POOLING_TIMEZONE +Europe/Lisbon  \[environment\]$", listed.output, re.MULTILINE)


def test_the_document_lists_every_setting() -> None:
    page = (PROJECT_ROOT / "docs" / "operations.md").read_text("utf-8")
    rows = set(re.findall(r"^\| `(POOLING_[A-Z_]+)` \|", page, re.MULTILINE))
    assert rows == {variable_of(name) for name in Settings.model_fields}
