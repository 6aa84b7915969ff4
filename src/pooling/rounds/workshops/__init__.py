"""Workshops: what helps and hinders an action, collected from everybody present on their telephones.

The facilitator opens one for an action, for a few hours; whoever has its short link joins, with no account. Notes are
posted (`collecting`), the facilitator groups them into themes, dots rank these (`ranking`), and the themes are kept as
obstacles and opportunities of the action's sheet (`closed`). A note names nobody; what tells one telephone from another
is a hash of a random cookie, and goes when the workshop ends.
"""
