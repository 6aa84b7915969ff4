"""Receipts: what arrived of an order, noted by whoever receives it: accepted, refused, still due.

A receipt stands for ever as it was noted: it is withdrawn, or replaced by another one (corrected), never overwritten.
Those that are withdrawn count nowhere. What an order's delivery has come to (`none`, `partial`, `complete`, or declared
so) is worked out as it is read.
"""
