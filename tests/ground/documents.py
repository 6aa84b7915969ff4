"""Documents that many are shown are written once: what is written follows from what a document says, and a document is
a value. Whoever looks at the writers themselves does without.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import patch

from pooling.documents.document import FORMATS, Document

Kept = dict[tuple[str, str], bytes]
"""Files by their format and what they say."""


@contextmanager
def written_once(kept: Kept) -> Iterator[None]:
    def once(kind: str, write: Callable[[Document], bytes]) -> Callable[[Document], bytes]:
        def written(document: Document) -> bytes:
            said = kind, repr(document)
            if said not in kept:
                kept[said] = write(document)
            return kept[said]

        return written

    sparing = {kind: format_._replace(write=once(kind, format_.write)) for kind, format_ in FORMATS.items()}
    with patch.dict(cast("dict[str, Any]", FORMATS), sparing):
        yield
