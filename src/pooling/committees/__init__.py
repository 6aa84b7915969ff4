"""Committees: the meetings of a group, what they are about, who is invited, what was written down.

A committee goes `planned → convened → held → minuted`, or `cancelled`. Moving or cancelling it raises its
`revision`: reminders of the old one are superseded, and those already told get one notice.
"""
