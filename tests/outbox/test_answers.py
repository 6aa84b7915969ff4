"""Whose fault a mail server's answer is."""

import pytest
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectTimeoutError,
    SMTPDataError,
    SMTPRecipientRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from pooling.outbox.envelope import host_of
from pooling.outbox.smtp import fault_of
from pooling.outbox.transport import Fault


def refused(code: int, text: str) -> SMTPRecipientRefused:
    return SMTPRecipientRefused(code, text, "a@b.example")


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (refused(550, "5.1.1 no such user"), Fault.PERMANENT),
        (refused(550, "5.7.1 relaying denied"), Fault.TRANSIENT),
        (refused(450, "4.2.1 mailbox busy"), Fault.TRANSIENT),
        (refused(421, "4.7.0 closing"), Fault.SERVER),
        (refused(530, "5.7.0 authentication required"), Fault.SERVER),
        (SMTPDataError(554, "5.6.0 message refused"), Fault.PERMANENT),
        (SMTPDataError(452, "4.3.1 disk full"), Fault.TRANSIENT),
        (SMTPSenderRefused(553, "5.1.8 sender refused", "pooling@b.example"), Fault.SERVER),
        (SMTPSenderRefused(552, "5.3.4 too big", "pooling@b.example"), Fault.PERMANENT),
        (SMTPAuthenticationError(535, "5.7.8 wrong password"), Fault.SERVER),
        (ValueError("not an address"), Fault.PERMANENT),
        (SMTPServerDisconnected("gone"), Fault.SERVER),
        (SMTPConnectTimeoutError("nobody"), Fault.SERVER),
        (ConnectionRefusedError(), Fault.SERVER),
    ],
)
def test_fault(error: Exception, fault: Fault) -> None:
    assert fault_of(error) is fault


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://achats.example/", "achats.example"),
        ("http://127.0.0.1:8000", "[127.0.0.1]"),
        ("http://[::1]:8000", "[IPv6:::1]"),
    ],
)
def test_host_of_identifiers(base_url: str, host: str) -> None:
    assert host_of(base_url) == host
