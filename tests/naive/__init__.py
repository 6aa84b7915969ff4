"""The two rules written again, slowly and plainly, and cases to compare them on, worked by hand or random."""
