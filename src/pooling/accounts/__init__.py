"""People and how they come in.

A *person* is one professional e-mail address; it holds memberships in groups (see `pooling.members`). A *session* is
one signed-in browser: the cookie holds a random token, the table its hash.
"""
