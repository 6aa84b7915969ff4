"""Webhooks: addresses of other programs that are told what happens to a group's purchases (Standard Webhooks).

A *webhook* is an address that a facilitator adds, with the kinds of events it is told of and a secret that signs. An
event that it is told of is a *delivery*, written in the transaction of the event (`watching.py`): *waiting*, *sending*,
*delivered* or, after three days of tries, *failed*. What is sent is thin: what happened to what, to be read through the
interface for programs.
"""
