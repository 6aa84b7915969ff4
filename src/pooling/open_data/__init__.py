"""What the law asks to be public of purchases: essential data of contracts (DECP), the yearly list of small ones, how
fleets are renewed.

A *contract* is what is awarded to one supplier: of one lot, or of the whole purchase where it has none.
"""
