"""Answers: whether a member takes part in a service whose charges are shared, and for how many agents.

An *answer* is a filed declaration without lines, so that whoever is silent is counted and reminded as in any
collection; what it says stands with the member's participation, which costs are shared by.
"""
