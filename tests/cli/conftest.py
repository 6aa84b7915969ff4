import pytest


@pytest.fixture(autouse=True)
def _as_on_a_fresh_machine(no_settings: None) -> None:
    """No command of these tests sees what the tester's environment sets."""
