"""Documents that are written from a text: conventions, deliberations, charters.

A *text* is a template of the territory's (`config/documents/….md.j2`): Markdown in which values are set. Filled in, it
is a *document*: a title and blocks, from which every format is written, so that none says anything else than another.
"""
