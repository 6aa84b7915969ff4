"""Minutes: written, published, searched."""
