"""Whom a group buys from: who they are, where an order reaches them. One is archived, never lost."""
