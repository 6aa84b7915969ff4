"""What suppliers ask money for: invoices and credit notes, read or typed, held against what was ordered and accepted.

A bill is `to_check`, then accepted, disputed or rejected. Only an accepted one *counts*; one that a corrected invoice
replaces no longer does, and a prepayment counts for what is paid, not for what is bought. Credit notes are positive, as
their document says them: their kind turns them.
"""
