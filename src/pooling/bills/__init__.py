"""What suppliers ask money for: invoices and credit notes, held against what was ordered and accepted."""
