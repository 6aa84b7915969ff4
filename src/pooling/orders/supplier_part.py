"""What was ordered from a supplier and at what price, on its page."""

from pooling.kernel.slices import Slice
from pooling.members.features import Part
from pooling.orders.reading import attributed_to, bought_from
from pooling.suppliers.page import SupplierPage
from pooling.web.cursors import page_after, pages_after
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
    further = here.request.query_params.get("attributions", "")
    attributed = await attributed_to(here.session, here.supplier.id, Slice(further))
    facts = {
        "rows": rows,
        "attributed": [
            {
                "purchase": f"{one.reference} · {one.title}",
                "url": f"{here.base}/achats/{one.reference}",
                "name": one.name,
                "price": price(one.unit_price),
                "chosen": date_short(one.chosen_at.astimezone(here.zone).date()),
            }
            for one in attributed.items
        ],
        "first_attributed": here.url if further else None,
        "next_attributed": page_after(here.url, attributed, name="attributions"),
        **pages_after(here.url, after, listed),
    }
    return Part("orders/supplier_part.html", facts)
