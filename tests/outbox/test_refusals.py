"""What a mail server says, in a sentence that helps."""

import pytest

from pooling.outbox.delivery import EXPIRED
from pooling.outbox.failures import (
    BADLY_WRITTEN,
    BUSY,
    FULL,
    NO_LONGER_TRUE,
    NO_SUCH_ADDRESS,
    NO_SUCH_DOMAIN,
    NOT_IN_TIME,
    POLICY,
    REFUSED,
    TOO_BIG,
    failure_words,
    is_hopeless,
)
from pooling.outbox.queueing import WITHDRAWN

SAID = [
    ("550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in local recipient table", NO_SUCH_ADDRESS),
    ("550 No such user here", NO_SUCH_ADDRESS),
    ("553 sorry, that address does not exist", NO_SUCH_ADDRESS),
    ("552 5.2.2 Mailbox is full", FULL),
    ("452 4.2.2 Over quota", FULL),
    ("552 5.3.4 Message too big for system", TOO_BIG),
    ("550 5.1.2 Host unknown", NO_SUCH_DOMAIN),
    ("550 5.4.4 Unable to route: no mail hosts for domain", NO_SUCH_DOMAIN),
    ("550 5.7.1 Service unavailable; client host blocked using a list", POLICY),
    ("554 Message rejected as spam", POLICY),
    ("451 4.3.0 try again later", BUSY),
    ("554 transaction failed", REFUSED),
    ("", REFUSED),
    ("cannot be written as a mail: not an address", BADLY_WRITTEN),
    (EXPIRED, NOT_IN_TIME),
    (WITHDRAWN, NO_LONGER_TRUE),
]


@pytest.mark.parametrize(("said", "sentence"), SAID)
def test_why(said: str, sentence: str) -> None:
    assert failure_words(said) == sentence


@pytest.mark.parametrize(("said", "sentence"), SAID)
def test_only_what_is_no_longer_of_use_or_true_is_hopeless(said: str, sentence: str) -> None:
    assert is_hopeless(said) == (sentence in {NOT_IN_TIME, NO_LONGER_TRUE})
