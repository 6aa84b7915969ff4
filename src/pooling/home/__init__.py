"""Pages that put several features together: what is to be done, and a purchase at a glance."""
