"""What finance finds of a frozen allocation beside its figures: addresses."""

from pooling.allocation.records.page import RECORD

STATEMENTS = f"{RECORD}/releves"
ACCOUNTING = f"{RECORD}/comptabilite"
