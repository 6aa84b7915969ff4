"""Prioritisation rounds: the members of a group rank actions together, by a date.

A round is prepared (`draft`), opens and closes by date or by hand, and is `adopted` by a decision: its actions take
their rank. It may be `cancelled` before. Its time is a collection, whose subject it is; each member has one ballot,
which any of its référents files and corrects until the closing. The ballots of a secret round are known to their own
member alone until it has closed.
"""
