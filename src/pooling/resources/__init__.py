"""Shared resources: what a member lends to the others. Not a purchase.

A *resource* is so many desks, rooms, vehicles or bikes at a site of a member, on some days of the week: *offered*,
perhaps *withdrawn*. Another member asks for units of it from one day to another, a *lending*: *asked*, then *agreed*,
*refused* or withdrawn by whoever asked; what was agreed may *end* before its last day. How often it was *used* is
noted afterwards, by either side, a month at a time.
"""
