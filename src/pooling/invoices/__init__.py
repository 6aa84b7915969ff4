"""Suppliers' electronic invoices, read: pure functions of a file's bytes, with no clock, database or network.

Factur-X, CII and UBL are taken apart by the `factur-x` library, whose tags are those of EN 16931 (BT-…, BG-…). What the
file says is kept as it says it; what is doubtful in it is a *finding*, in French, and never an exception.
"""
