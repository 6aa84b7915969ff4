"""Needs: what each member declares, and what the declared needs add up to.

A *declaration* is a `draft` that its référent prepares, or `filed`; only filed ones count. A filed declaration stays in
force while a new draft is being written. Opening a collection invites members to declare; closing it makes every
declaration read-only; consolidating says what is ordered and who gets what.
"""
