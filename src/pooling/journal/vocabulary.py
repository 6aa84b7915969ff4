"""The words of every feature's events, put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pooling.kernel.events import Event
from pooling.members.events import Change, EventWords, Names, Subject
from pooling.web.typography import of_name

_OF = "of_"


@dataclass(frozen=True)
class Vocabulary:
    told: Mapping[str, EventWords]
    """By the name of an event, the words of the feature that has a sentence for it."""
    subjects: Mapping[str, Subject]
    changes: Mapping[str, Change]
    settings: Mapping[str, str]

    @property
    def kinds(self) -> dict[str, str]:
        """What an event is about, to choose from."""
        return {kind: subject.label for kind, subject in self.subjects.items() if subject.label}

    def label(self, kind: str) -> str:
        return self.subjects[kind].label if kind in self.subjects else kind

    def sentence(self, event: Event, names: Names) -> str:
        """From the verb on, its gaps filled."""
        if event.name not in self.told:
            return f"a fait « {event.name} »"
        words = self.told[event.name]
        return words.sentences[event.name].format_map(_Gaps(self, words, event, names))


class _Gaps(dict[str, str]):
    """What a sentence's gaps are filled with, looked up only when it has them. `{of_member}` is `{member}` after
    « de », as French writes it.
    """

    def __init__(self, vocabulary: Vocabulary, words: EventWords, event: Event, names: Names) -> None:
        super().__init__()
        self._vocabulary, self._words, self._event, self._names = vocabulary, words, event, names

    def __missing__(self, gap: str) -> str:
        event = self._event
        if gap.startswith(_OF):
            return of_name(self[gap.removeprefix(_OF)])
        if gap in self._words.gaps:
            return self._words.gaps[gap](event, self._names)
        subject = self._vocabulary.subjects.get(gap)
        if subject is None:
            return str(event.details.get(gap, ""))
        key = event.subject_id if event.subject_kind == gap else event.details.get(subject.keys[0])
        return self._names.of(gap, key, subject.otherwise)


def vocabulary_of(events: Sequence[EventWords]) -> Vocabulary:
    return Vocabulary(
        told={name: words for words in events for name in words.sentences},
        subjects={subject.kind: subject for words in events for subject in words.subjects},
        changes={name: change for words in events for name, change in words.changes.items()},
        settings={name: called for words in events for name, called in words.settings.items()},
    )
