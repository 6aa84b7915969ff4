"""Delivered quantities from a file (a *list*): sent, read line by line by a worker, looked at, then kept as receipts.

`reading → read → keeping → kept`, or `dropped`. What is read is kept as rows beside the file, so that a worker that is
killed loses nothing, and whoever looks sees each line before anything counts.
"""
