"""What came of it all: figures of a group by year, each with what it is made of.

An *indicator* is worked out from what is there already (committees, decisions, frozen shares, goods that arrived,
what is lent): nothing is typed but what nobody else knows, the *days* that agents gave and what one *assumes* of the
journeys that an item replaces. A figure that lacks its ground is not given, and says so.
"""
