"""On what terms an action is done: what it costs each member, simulated by the allocation rule, who is in, and
the purchase of what was agreed on.
"""
