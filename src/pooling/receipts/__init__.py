"""What arrived of an order, noted by whoever receives it: accepted, refused, still due."""
