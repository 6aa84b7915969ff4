"""Purchases run elsewhere, by a central purchasing body or a neighbouring group: the group keeps their dates and is
reminded of them, their documents, and in the end what they cost.
"""
