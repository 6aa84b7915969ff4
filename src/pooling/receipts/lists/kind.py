"""The work on a list, as the worker takes it: an export whose file says line by line what was understood."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

KIND = "receipt_list"


class Step(StrEnum):
    READ = "read"
    KEEP = "keep"


def terms_of(purchase_id: int, list_id: int, step: Step) -> Mapping[str, Any]:
    return {"purchase": purchase_id, "list": list_id, "step": step.value}
