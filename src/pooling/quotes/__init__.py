"""What suppliers offer for a goods purchase: a *quote* (devis) is of one supplier, for the whole purchase or one lot;
an *award* (attribution) says which supplier an item goes to.
"""
