"""The finance home: what each member engages, is invoiced and pays over all purchases, by year, from frozen
allocations, accepted bills and what recovery notes. It computes no share.
"""
