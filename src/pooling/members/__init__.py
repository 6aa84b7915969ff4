"""Working groups and who is in them.

A *group* is a set of authorities that buy together. A *member* is an authority (`legal_entity`, known by its SIREN) or
a component of one with a budget of its own (`internal_unit`, with its parent). A *membership* gives a person a role:
`facilitator` or `reader` of the group; `referent` or `finance` of one member; `lead_buyer` of one purchase.
"""
