"""A mailbox on loopback that can only be looked into: whatever else it is asked is refused, and noted."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes

PASSWORD = "p@ss word"


@dataclass
class ImapServer:
    mails: list[tuple[bytes, datetime]] = field(default_factory=list)
    validity: int = 1
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"imap://achats%40bassin.example:p%40ss%20word@127.0.0.1:{self.port}"

    @property
    def read(self) -> list[int]:
        """The numbers of the mails that were read, as often as they were."""
        return [int(found[1]) for one in self.asked if (found := re.match(r"UID FETCH (\d+) .*BODY\.PEEK\[\]", one))]

    def answer(self, command: str) -> tuple[list[bytes], str]:
        """Untagged lines, and how it ends."""
        if command == "CAPABILITY":
            return [b"* CAPABILITY IMAP4rev1"], "OK"
        if command.startswith("LOGIN"):
            return [], "OK" if f'"{PASSWORD}"' in command else "NO"
        if command == 'EXAMINE "INBOX"':
            return [b"* %d EXISTS" % len(self.mails), b"* OK [UIDVALIDITY %d] numbers" % self.validity], "OK"
        if search := re.fullmatch(r"UID SEARCH UID (\d+):\* SINCE \d\d?-[A-Z][a-z]{2}-\d{4}", command):
            numbers = range(1, len(self.mails) + 1)
            found = [one for one in numbers if one >= int(search[1])] or list(numbers)[-1:]
            return [b"* SEARCH " + " ".join(map(str, found)).encode()], "OK"
        if fetch := re.fullmatch(r"UID FETCH ([\d,]+) \((.*)\)", command):
            return [self._fetched(int(one), fetch[2]) for one in fetch[1].split(",")], "OK"
        return ([b"* BYE"], "OK") if command == "LOGOUT" else ([], "BAD")

    def _fetched(self, number: int, wanted: str) -> bytes:
        content, at = self.mails[number - 1]
        if wanted == "BODYSTRUCTURE":
            kinds = [part.get_content_type().split("/") for part in message_from_bytes(content).walk()]
            parts = "".join(f'("{main}" "{sub}" NIL NIL NIL "7BIT" 1)' for main, sub in kinds)
            return f'* {number} FETCH (UID {number} BODYSTRUCTURE ({parts} "MIXED"))'.encode()
        found = re.fullmatch(r"INTERNALDATE BODY\.PEEK\[\]<0\.(\d+)>", wanted)
        assert found is not None, wanted
        body = content[: int(found[1])]
        said = f'* {number} FETCH (UID {number} INTERNALDATE "{at:%d-%b-%Y %H:%M:%S %z}" BODY[]<0> {{{len(body)}}}\r\n'
        return said.encode() + body + b")"


@asynccontextmanager
async def running(server: ImapServer) -> AsyncIterator[ImapServer]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := (await reader.readline()).decode().strip():
            tag, _, command = line.partition(" ")
            server.asked.append(command)
            said, end = server.answer(command)
            writer.write(b"".join(one + b"\r\n" for one in said) + f"{tag} {end} said\r\n".encode())
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
