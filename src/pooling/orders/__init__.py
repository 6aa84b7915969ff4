"""What leaves for a supplier: orders with their lines by site, as numbered versions."""
