"""Sites: where what a member is assigned may be delivered.

A member has none at first. Its first site is its *main* one, and while it has no other people read of an address, not
of sites. Whatever nobody speaks of goes to the main site. A site is *archived*, never deleted: orders that left keep
it. How a member wants its units of an item divided is its *split*.
"""
