"""A host with many groups: what crosses from one to another, and to the public, because the group agrees to it.

A group *consents* to be compared, to have a public page, or to neither. What then leaves it is a *snapshot*: names of
its actions and figures of its indicators as they stood on a day, which its own transaction writes. Nothing else
crosses: whoever reads it reads the snapshot, by functions of the database that look at the consent.
"""
