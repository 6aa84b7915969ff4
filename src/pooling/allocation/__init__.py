"""Who pays what: a purchase's shared charges, the allocation of its costs, and its exports for finance."""
