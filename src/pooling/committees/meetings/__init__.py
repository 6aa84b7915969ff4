"""Committees planned, listed, moved and cancelled."""
