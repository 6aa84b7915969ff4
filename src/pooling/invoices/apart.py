"""Reading in a process of its own: a file that is made to take for ever, or all memory, harms nobody else. What
reads is loaded there alone (facturx, lxml, pypdf and what they bring along).
"""

import multiprocessing
import resource
from multiprocessing.connection import Connection

from pooling.invoices.invoice import Finding, Reading
from pooling.kernel.apart import PRELOADED

PRELOADED.update({__name__, "pooling.invoices.reading"})

SECONDS = 10
_TO_START = 120
"""Seconds that a process may take to begin, on a machine that has much else to do: the file is not to blame."""
_MOST_MEMORY = 2_000_000_000
"""Bytes of address space; an invoice of a thousand lines takes a tenth."""


def read_apart(content: bytes, seconds: float = SECONDS) -> Reading:
    """As `read_invoice`, or refused after `seconds`. Blocks: for a thread, or a command."""
    # Forked from a process that did nothing but import what reads: it is there at once, and has no thread of ours.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(sorted(PRELOADED))
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_read, args=(content, sending), daemon=True)
    process.start()
    sending.close()
    try:
        begun = receiving.poll(_TO_START) and receiving.recv()
        reading = receiving.recv() if begun and seconds and receiving.poll(seconds) else None
    except EOFError:  # it ended without an answer: out of memory
        reading = None
    finally:
        process.kill()
        process.join()
        receiving.close()
    return reading if isinstance(reading, Reading) else _too_much()


def _read(content: bytes, sending: Connection) -> None:
    from pooling.invoices.reading import read_invoice  # noqa: PLC0415 - see the module's head

    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    sending.send(True)
    sending.send(read_invoice(content))


def _too_much() -> Reading:
    said = f"Ce fichier demande plus de {SECONDS} secondes, ou trop de mémoire\u00a0: il n’est pas lu."
    return Reading(None, [Finding("unreadable", "", "error", said)])
