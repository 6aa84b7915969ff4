"""Answers in French."""

from pooling.web.typography import plural


def in_words(takes_part: bool | None, agents: int | None) -> str:  # noqa: FBT001 - what was answered
    if takes_part is None:
        return "sans réponse"
    if not takes_part:
        return "ne participe pas"
    return f"participe, pour {plural(agents, 'agent')}" if agents is not None else "participe"
