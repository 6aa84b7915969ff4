"""The national directory of local authorities: communes and intercommunal bodies.

An *authority* is known by its SIREN; a commune belongs to at most one *body* (EPCI). The directory is the host's: every
group reads it, only the command `pooling directory update` (and the first start) writes it. An *edition* is the list of
one year.
"""
