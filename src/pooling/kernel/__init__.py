"""What every feature stands on: time, errors, database, configuration files, the bell.

Imports nothing else from pooling.
"""
