"""Group purchases: what is bought together, who takes part, until when, and how far it has come.

A purchase goes `draft → open → closed → ordered → delivered → settled`, or `cancelled`. Its *items* are what members
declare needs of; a *participation* says that a member takes part, on which budget, with the key values frozen for it.
"""
