"""A program on loopback that is told of events: keeps what it receives, and answers as it is told to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    port: int = 0
    received: list[tuple[dict[str, str], str]] = field(default_factory=list)
    """Headers and body, in the order in which they came."""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """What is answered next; 204 once they are used up."""
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Once for each that came."""
    free: threading.Event = field(default_factory=threading.Event)
    """While it is not set, nothing is answered."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.free.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            receiver.received.append((dict(self.headers), body))
            receiver.came.release()
            receiver.free.wait(timeout=30)
            status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.free.set()
        server.shutdown()
        server.server_close()
