"""Every state machine of the package, walked at random: nothing illegal passes, everything is named and reached."""

import importlib
import pkgutil
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pooling
from pooling.kernel.errors import Conflict
from pooling.kernel.states import StateMachine
from pooling.kernel.tables import metadata


def machines() -> dict[str, StateMachine[Any]]:
    found = {}
    for module in pkgutil.walk_packages(pooling.__path__, "pooling."):
        if module.name.rpartition(".")[2] in {"models", "rules"}:
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, StateMachine):
                    found[value.noun] = value
    return found


MACHINES = machines()
TABLES = {
    "action": "actions",
    "purchase": "purchases",
    "collection": "collections",
    "committee": "committees",
    "decision": "decisions",
    "difficulty": "difficulties",
    "declaration": "declarations",
    "access_request": "access_requests",
    "reminder": "reminders",
    "message": "messages",
    "export": "exports",
    "order": "orders",
    "resource": "resources",
    "lending": "lendings",
    "webhook_delivery": "webhook_deliveries",
    "bill": "bills",
    "round": "rounds",
    "workshop": "workshops",
}
every = pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)


def test_every_machine_is_here() -> None:
    assert set(MACHINES) == set(TABLES)


@every
def test_every_state_is_named_and_reached(machine: StateMachine[Any]) -> None:
    states = {state for state in machine.states.__members__.values()}
    assert set(machine.transitions) == set(machine.words) == set(machine.tags) == states
    reached, todo = set(machine.begins), list(machine.begins)
    while todo:
        for state in machine.transitions[todo.pop()] - reached:
            reached.add(state)
            todo.append(state)
    assert reached == states


@every
def test_the_table_takes_these_states_and_no_others(machine: StateMachine[Any]) -> None:
    (check,) = [
        constraint
        for constraint in metadata.tables[TABLES[machine.noun]].constraints
        if str(constraint.name).endswith("state_known")
    ]
    listed = str(check.sqltext).partition("IN (")[2].rstrip(")")  # type: ignore[attr-defined]
    assert {word.strip(" '") for word in listed.split(",")} == set(machine.words)


@every
@given(data=st.data())
def test_a_random_walk_goes_only_where_it_may(machine: StateMachine[Any], data: st.DataObject) -> None:
    state: StrEnum = data.draw(st.sampled_from(sorted(machine.begins)))
    for _ in range(12):
        after = data.draw(st.sampled_from(sorted(machine.words)))
        if machine.may(state, after):
            machine.require(state, after)
            assert state in machine.sources(after)
            assert not machine.is_end(state)
            state = after
        else:
            assert state not in machine.sources(after)
            with pytest.raises(Conflict, match=machine.words[after]):
                machine.require(state, after)
