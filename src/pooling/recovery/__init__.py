"""Recovery: titres that creditors issue for what members owe by the latest frozen allocation, and what was paid of
them.
"""
