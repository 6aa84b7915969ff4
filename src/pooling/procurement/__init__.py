"""What the law asks of a purchase: what it is worth, the procedure that this calls for, its duties and its calendar;
the convention and the deliberations of those who take part.
"""
