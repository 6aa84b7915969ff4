"""Agendas: items, their files, and the difficulties that come on them."""
