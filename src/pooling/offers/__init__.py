"""Offers to staff: what a professional grants the agents of the members, and how many of them bought.

An *offer* is the terms of a purchase of that kind, published to the group; members pay nothing. Once it has ended each
says its *uptake*: how many of its agents bought what.
"""
