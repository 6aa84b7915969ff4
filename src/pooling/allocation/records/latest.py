"""Which record of a purchase counts, for statements that read many of them."""

LATEST = """
    SELECT DISTINCT ON (purchase_id) purchase_id, id, number, frozen_at, stated
    FROM allocations WHERE group_id = :group AND stated IS NOT NULL ORDER BY purchase_id, number DESC"""
"""The last one of each purchase of the group `:group`, but for those that no page opens any more."""
