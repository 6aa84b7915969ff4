"""What is kept as JSON."""

import json

import pytest

from pooling.allocation.kept import AT_ONCE, json_written


@pytest.mark.parametrize("size", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
def test_long_lists_are_written_whole(size: int) -> None:
    elements = [{"n": number} for number in range(size)]
    written = json_written({"case": "Été"}, {"members": iter(elements), "needs": iter(elements)})
    assert json.loads(written) == {"case": "Été", "members": elements, "needs": elements}
