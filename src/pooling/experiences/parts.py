"""What the group learnt of an action or a supplier, on its page."""

from sqlmodel import col

from pooling.actions.page import ActionPage
from pooling.experiences.models import Experience
from pooling.experiences.page import EXPERIENCES
from pooling.experiences.queries import experiences_of
from pooling.members.features import Part
from pooling.suppliers.page import SupplierPage

TEMPLATE = "experiences/part.html"


async def of_action(here: ActionPage) -> Part:
    found = await experiences_of(here.session, col(Experience.action_id) == here.action.id)
    tell = f"{here.base}{EXPERIENCES}/nouveau?action={here.action.reference}"
    return Part(TEMPLATE, {"experiences": found, "base": here.base + EXPERIENCES, "tell": tell})


async def of_supplier(here: SupplierPage) -> Part:
    found = await experiences_of(here.session, col(Experience.supplier_id) == here.supplier.id)
    tell = f"{here.base}{EXPERIENCES}/nouveau?fournisseur={here.supplier.id}"
    return Part(TEMPLATE, {"experiences": found, "base": here.base + EXPERIENCES, "tell": tell})
