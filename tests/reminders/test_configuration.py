from datetime import time
from pathlib import Path

import pytest

from pooling import PROJECT_ROOT
from pooling.features import FEATURES
from pooling.kernel.configuration import ConfigurationError
from pooling.members.features import gather_features
from pooling.reminders.configuration import Schedule, read_reminders

DEFAULT = Schedule(offsets=(-15, -7, -1))


def written(folder: Path, content: str) -> Path:
    (folder / "reminders.toml").write_text(content, "utf-8")
    return folder


def test_each_kind_that_one_may_do_without_says_whom_it_concerns(tmp_path: Path) -> None:
    kinds = gather_features(FEATURES, tmp_path, read_reminders(tmp_path)).kinds
    assert [kind.name for kind in kinds if kind.comfort and not kind.receivers] == []


def test_without_a_file_each_kind_has_its_default(tmp_path: Path) -> None:
    assert read_reminders(tmp_path).schedule("committee", DEFAULT) == DEFAULT


def test_a_table_changes_only_what_it_names(tmp_path: Path) -> None:
    configuration = read_reminders(written(tmp_path, "[committee]\nhour = 09:30:00\n"))
    assert configuration.schedule("committee", DEFAULT) == Schedule(offsets=(-15, -7, -1), hour=time(9, 30))


def test_no_offset_stops_a_kind(tmp_path: Path) -> None:
    configuration = read_reminders(written(tmp_path, "[committee]\noffsets = []\n"))
    assert configuration.schedule("committee", DEFAULT).offsets == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[committee]\nhour = 02:30:00\n", "between 01:00 and 04:00"),
        ("[committee]\noffsets = [-7, -7]\n", "stands twice"),
        ("[committee]\noffsets = [-4000]\n", "greater than or equal to -366"),
        ("[committee]\noffset = [-7]\n", "committee.offset"),
        ("[committee\n", "not readable"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        read_reminders(written(tmp_path, content))


def test_a_misspelt_kind_is_told(tmp_path: Path) -> None:
    configuration = read_reminders(written(tmp_path, "[comittee]\n"))
    with pytest.raises(ConfigurationError, match=r"comittee .known: committee"):
        configuration.require_known(["committee"])


def test_the_file_that_comes_along_is_right() -> None:
    configuration = read_reminders(PROJECT_ROOT / "config")
    names = [kind.name for kind in gather_features(FEATURES, PROJECT_ROOT / "config", configuration).kinds]
    assert names == [
        "needs_deadline",
        "closing",
        "offer_ending",
        "offer_uptake",
        "followup_date",
        "delivery_late",
        "delivery_unconfirmed",
        "titre_to_issue",
        "titre_due",
        "publication",
        "grant_deadline",
        "round_deadline",
        "terms_answer",
        "committee",
        "convocation",
        "minutes",
        "follow_up",
        "experience_digest",
        "quarter",
        "opinion_purchase",
        "opinion_committee",
        "charter_signature",
    ]
    assert configuration.schedule("committee", Schedule()) == DEFAULT
