"""Frozen records of who pays what, and the files made of them."""
