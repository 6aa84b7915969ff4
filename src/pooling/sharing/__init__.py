"""How cents and units are shared: pure functions of values, with no clock, database or file.

Words: a *case* goes in, a *result* comes out; *cents* are integers, every ratio is an exact fraction. The
allocation rule says who pays what (`allocation`), the consolidation rule what is ordered and who gets what
(`consolidation`). Both share through `money.apportion` alone. A *statement* is a result with all that explains it, as
flat values that can be kept. This package imports nothing else from pooling.
"""

RULE_VERSION = 1
"""Of the allocation rule: raised when the same case would give another figure or another explanation. What is kept of
a result bears it; nothing that was kept is ever computed again.
"""
