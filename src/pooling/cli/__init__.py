"""The `pooling` command: each command a few lines over a use case.

Exit status: 0 done, also for a service stopped by Ctrl-C or SIGTERM; 1 refused as things stand (bad lines, a closed
collection, a finding of `doctor`); 2 a setting, an argument or a file is wrong, or what is needed does not answer;
130 and 143 for a command interrupted before it was done: nothing was written.
"""

from pooling.cli.main import main

__all__ = ["main"]
