"""On what terms an action is done: what it costs each member, simulated by the allocation rule, and who is in."""
