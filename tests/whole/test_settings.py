"""A wrong or missing setting: one clear sentence that names it, and exit status 2."""

from pathlib import Path

import pytest

from pooling.settings import Settings, load_settings, unknown_settings

APPLICATION = "postgresql://pooling_app:secret@db/pooling"
OWNER = "postgresql://pooling_owner:secret@db/pooling"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"POOLING_{name.upper()}", raising=False)


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
