"""Charges, keys and subsidies as their editors write them."""
