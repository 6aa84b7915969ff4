"""How cents and units are shared: pure functions of values, with no clock, database or file.

Words: a *case* goes in, a *result* comes out; *cents* are integers, every ratio is an exact fraction. The
allocation rule says who pays what (`allocation`), the consolidation rule what is ordered and who gets what
(`consolidation`). Both share through `money.apportion` alone. This package imports nothing else from pooling.
"""
