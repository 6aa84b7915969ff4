"""The command that runs the demonstration. Its engines start while its pages are loaded, which takes as long, and its
tables are made beside: nothing that pages need is imported here.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import rich_click as click

from pooling import data_folder
from pooling.cli.loading import loaded
from pooling.cli.starting import engines_of
from pooling.demo.place import begin, check_loopback, check_port_is_free, forget, is_empty, is_unfinished
from pooling.embedded.engines import Engines, in_use, stop_left_behind
from pooling.embedded.holders import locked
from pooling.settings import Settings, load_settings, stop_process

PORT = click.IntRange(1, 65535)


def demonstration_settings(data_dir: Path | None, base_url: str) -> Settings:
    """Whatever the environment says, a demonstration uses embedded engines of its own and sends no mail."""
    return load_settings(
        data_dir=data_dir or data_folder("demo"),
        base_url=base_url,
        database_url=None,
        owner_database_url=None,
        redis_url=None,
        smtp_url=None,
    )


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where its data stay between runs.")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address: nothing else is accepted.")
@click.option("--port", type=PORT, default=8000, show_default=True, help="The port to listen on.")
@click.option("--reset", is_flag=True, help="Start over: forget what was done in earlier runs.")
@click.option("--big", is_flag=True, help="Ten years: 500 actions, 2 000 experiences, 200 purchases. Takes longer.")
def demo(data_dir: Path | None, host: str, port: int, reset: bool, big: bool) -> None:  # noqa: FBT001
    """Start the demonstration territory: database, queue, web and worker in one go.

    Whatever the environment says, it uses embedded engines of its own and sends no mail.
    """
    from rich.console import Console  # noqa: PLC0415 - see the module's head

    check_loopback(host)
    check_port_is_free(host, port)
    settings = demonstration_settings(data_dir, f"http://{f'[{host}]' if ':' in host else host}:{port}")
    console = Console()
    with ExitStack() as stack:
        _alone_in(settings.data_dir, stack)
        if reset or is_unfinished(settings.data_dir):
            _start_over(settings.data_dir)
        empty = is_empty(settings.data_dir)
        if big and not empty:
            stop_process(f"{settings.data_dir} has a territory already: add --reset to make the big one instead.")
        if empty:
            begin(settings.data_dir)
        with console.status("Starting PostgreSQL and Valkey…"):
            pages = stack.enter_context(ThreadPoolExecutor(1)).submit(_load_pages)
            engines = stack.enter_context(engines_of(settings))
            migrating = stack.enter_context(_migrating(engines))
            running = pages.result()
            from pooling.cli.installation import Installation  # noqa: PLC0415 - see the module's head

        found = Installation(settings, engines)
        asyncio.run(running.demonstrate(found, host, port, console, migrating, empty=empty, big=big))
    unfinished = is_unfinished(settings.data_dir)
    console.print(f"Stopped. {'The next run begins anew' if unfinished else 'Your data are kept for the next run'}.")


@contextmanager
def _migrating(engines: Engines) -> Iterator[subprocess.Popen[bytes]]:
    """`pooling migrate`, in a process of its own: there is another core, and it loads few of the pages' modules."""
    addresses = {
        "POOLING_DATABASE_URL": engines.database_url,
        "POOLING_OWNER_DATABASE_URL": engines.owner_database_url or "",
        "POOLING_REDIS_URL": engines.redis_url,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "pooling", "migrate"],
        env={**os.environ, **addresses},
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us, who end it
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _load_pages() -> Any:  # noqa: ANN401 - a module
    loaded("pooling.worker")
    return loaded("pooling.cli.running")


def _alone_in(data_dir: Path, stack: ExitStack) -> None:
    """One demonstration at a time in a folder: two would both make the territory."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        stack.enter_context(locked(data_dir / ".demonstration", wait=False))
    except BlockingIOError:
        stop_process(f"a demonstration already runs in {data_dir}: stop it, or choose another folder with --data-dir.")
    except OSError as error:
        stop_process(f"the data folder {data_dir} cannot be written: {error.strerror}.")


def _start_over(data_dir: Path) -> None:
    if in_use(data_dir):
        stop_process(f"another process uses the data in {data_dir}: stop it before --reset.")
    stop_left_behind(data_dir)
    forget(data_dir)


COMMANDS = {"demo": demo}
