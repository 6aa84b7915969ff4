"""Retours d'expérience: what was done, what it cost and gave, what one would do differently; questions under each."""
