"""The wheel, with no repository near: everything that the program looks for lies in it."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from ground.shell import Shell
from pooling import PROJECT_ROOT
from pooling.embedded import engines
from pooling.embedded.errors import EngineError
from pooling.embedded.sockets import answers

RUN = [sys.executable, "-m", "pooling"]
BETWEEN_QUESTIONS = 0.25
"""Seconds: it answers each of them in the time in which it makes its territory."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what pip would have unpacked."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(build, cwd=PROJECT_ROOT, check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "site")
    return place / "site"


@pytest.fixture
def elsewhere(installed: Path, data_folder: Path) -> dict[str, str]:
    """The environment of somebody who has the wheel alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POOLING_")}
    return {
        **kept,
        "PYTHONPATH": str(installed),
        "XDG_DATA_HOME": str(data_folder),
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "240",
    }


def typed(environment: dict[str, str], folder: Path, *words: str) -> str:
    done = subprocess.run([*RUN, *words], env=environment, cwd=folder, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_holds_what_the_program_looks_for(installed: Path) -> None:
    package = installed / "pooling"
    for folder in ("migrations", "config"):
        inside = {path.name for path in (package / folder).rglob("*.*") if "__pycache__" not in path.parts}
        beside = {path.name for path in (PROJECT_ROOT / folder).rglob("*.*") if "__pycache__" not in path.parts}
        assert inside == beside
    for name in ("py.typed", "web/static/tokens.css", "needs/templates/declaration.html"):
        assert (package / name).is_file(), name
    assert not (installed / "tests").exists()


def test_its_configuration_is_handed_out_to_be_edited(elsewhere: dict[str, str], tmp_path: Path) -> None:
    said = typed(elsewhere, tmp_path, "config", "init", "territory")
    ours, theirs = [
        sorted(path.relative_to(folder) for path in folder.rglob("*.*") if path.is_file())
        for folder in (PROJECT_ROOT / "config", tmp_path / "territory")
    ]
    assert theirs == ours
    assert Path("branding.toml") in theirs
    assert f"POOLING_CONFIG_DIR={tmp_path / 'territory'}" in said
    (tmp_path / "territory" / "branding.toml").write_text("name = 'À nous'\n")
    assert "has all of them already" in typed(elsewhere, tmp_path, "config", "init", "territory")
    assert (tmp_path / "territory" / "branding.toml").read_text() == "name = 'À nous'\n", "what is there stays"


@pytest.fixture
def demonstration(elsewhere: dict[str, str], tmp_path: Path, free_tcp_port: int) -> Iterator["subprocess.Popen[str]"]:
    command = [*RUN, "demo", "--port", str(free_tcp_port)]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(command, env=elsewhere, cwd=tmp_path, text=True, stdout=said, stderr=said)
    yield process
    if process.poll() is None:
        process.terminate()
        process.wait(timeout=300)


def is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=300) as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


def test_the_demonstration_runs_from_it_until_ctrl_c_and_stops_its_engines(
    demonstration: "subprocess.Popen[str]", installed: Path, tmp_path: Path, data_folder: Path, free_tcp_port: int
) -> None:
    while not is_ready(free_tcp_port):
        assert demonstration.poll() is None, (tmp_path / "said").read_text()
        time.sleep(BETWEEN_QUESTIONS)
    assert not (installed.parent / "var").exists()
    data = data_folder / "pooling" / "demo"  # the user's
    engines_at = [data / "postgres" / ".s.PGSQL.5432", data / "valkey" / "valkey.sock"]
    assert [answers(place) for place in engines_at] == [True, True]
    demonstration.send_signal(signal.SIGINT)
    assert demonstration.wait(timeout=300) == 0
    assert (tmp_path / "said").read_text().rstrip().endswith("Stopped. Your data are kept for the next run.")
    assert [answers(place) for place in engines_at] == [False, False]


def test_without_the_engines_it_says_what_to_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_INSTALLED", False)
    nothing: dict[str, None] = {"database_url": None, "owner_database_url": None, "redis_url": None}
    with pytest.raises(EngineError, match="POOLING_DATABASE_URL"), engines.running_engines(tmp_path, **nothing):
        pass
    assert engines.left_behind(tmp_path) == []
    own = engines.running_engines(
        tmp_path, database_url="postgresql://a@b/c", owner_database_url=None, redis_url="redis://localhost"
    )
    with own as addresses:
        assert addresses.database_url == "postgresql://a@b/c"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, no_settings: None) -> None:
    (tmp_path / "file").write_text("")
    words: Sequence[object] = ("config", "init", tmp_path / "file" / "below")
    refused = Shell()(*words)
    assert refused.exit_code == 2
    assert "cannot be written" in refused.output
