"""`config/branding.toml`: its example holds, and what it cannot mean is told in one sentence."""

import re
from pathlib import Path

import pytest

from pooling import PROJECT_ROOT
from pooling.kernel.configuration import ConfigurationError
from pooling.web.branding import Colours, Territory, read_territory

EXAMPLE = (PROJECT_ROOT / "config" / "branding.toml").read_text("utf-8")


def territory(folder: Path, content: str) -> Territory:
    (folder / "branding.toml").write_text(content, "utf-8")
    return read_territory(folder)


def test_the_file_as_it_is_changes_nothing(tmp_path: Path) -> None:
    assert territory(tmp_path, EXAMPLE) == Territory()
    assert Territory().stylesheet() == ""


def test_every_line_of_the_example_holds_once_it_is_uncommented(tmp_path: Path) -> None:
    """And it shows every key that there is."""
    found = territory(tmp_path, re.sub(r"(?m)^# (\w+ = )", r"\1", EXAMPLE))
    assert found.model_fields_set == set(Territory.model_fields)
    assert found.colours.model_fields_set == set(Colours.model_fields)
    for name in Colours.model_fields:
        assert f"--color-{name.replace('_', '-')}: {getattr(found.colours, name)};" in found.stylesheet()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('nom = "Bassin"', "nom"),
        ('[colours]\nprimery = "#0b5a63"', "colours.primery"),
        ('[colours]\nprimary = "teal"', "colours.primary"),
        ("name = 3", "name"),
        ("name = ", "not readable as TOML"),
    ],
)
def test_what_it_cannot_mean_is_told_in_one_sentence(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        territory(tmp_path, content)
    assert str(refused.value).startswith(f"{tmp_path / 'branding.toml'}")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
