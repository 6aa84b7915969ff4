"""What files of subsidies say before a purchase's shares are frozen."""

from collections.abc import Sequence

from pooling.allocation.page import CostsPage
from pooling.grants.queries import gaps_of

MOST_SAID = 5


async def subsidies_differ(here: CostsPage) -> Sequence[str]:
    """What is taken off and not brought, or the other way round."""
    said = await gaps_of(here.session, purchase_id=here.purchase.id)
    return [f"la subvention {sentence}" for sentence in said[:MOST_SAID]]
