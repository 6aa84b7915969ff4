"""What is hardly declared. Pure."""

from collections.abc import Iterable

from pooling.web.typography import plural


def doubts_of_quantities(
    wanted: Iterable[tuple[str, str, int]], population: int | None, agents: int | None
) -> list[str]:
    """Of a member that asks for more units than it has inhabitants or, where nobody lives in it, agents. `wanted` is
    (item, its unit, the most that it would take).
    """
    many = population or agents
    doubtful = [(item, unit, most) for item, unit, most in wanted if many and most > many]
    if not many or not doubtful:
        return []
    who = plural(many, "habitant") if population else plural(many, "agent")
    return [f"« {item} » : {plural(most, unit)} pour {who}." for item, unit, most in doubtful]
