"""Deliveries: where the units that a consolidation assigns go.

Each member's are split over its sites by `sharing.places`: as it wished while it declared; then as its référent says,
until the order leaves. Nothing is kept beside what was said: whoever looks works the split out, and it stays the same,
since what it rests on does not change once the order has left.
"""
