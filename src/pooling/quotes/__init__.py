"""What suppliers offer for a purchase, and who is awarded what."""
