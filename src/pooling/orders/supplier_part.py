"""What was ordered from a supplier and at what price, on its page."""

from pooling.kernel.slices import Slice
from pooling.members.features import Part
from pooling.orders.reading import bought_from
from pooling.suppliers.page import SupplierPage
from pooling.web.cursors import pages_after
from pooling.web.typography import date_short, plural, price


async def bought_part(here: SupplierPage) -> Part:
    after = here.request.query_params.get("apres", "")
    listed = await bought_from(here.session, here.supplier.id, Slice(after))
    rows = [
        {
            "purchase": f"{one.reference} · {one.title}",
            "url": f"{here.base}/achats/{one.reference}",
            "order": one.order,
            "name": one.name,
            "units": plural(one.units, one.unit),
            "price": price(one.unit_price),
            "sent": date_short(one.sent_at.astimezone(here.zone).date()),
        }
        for one in listed.items
    ]
    return Part("orders/supplier_part.html", {"rows": rows, **pages_after(here.url, after, listed)})
