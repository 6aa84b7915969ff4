"""A backup: one folder with a dump of the database, the configuration and a manifest that says what each part must be.
And whether it is any good: restored into a server of its own, everything in it is looked at.

`seals` (what is frozen, by its content) ← `taking` | `looking` (at a database as it stands) ← `checking`.
"""
