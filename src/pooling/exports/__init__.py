"""Files too long to write while somebody waits, whichever feature they are of: asked for, written by a worker, kept
for some days. States: `waiting → writing → ready`, or `failed`.
"""
