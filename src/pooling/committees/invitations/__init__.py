"""Who is invited, who answers what, who was there."""
