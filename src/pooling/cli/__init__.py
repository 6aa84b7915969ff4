"""The `pooling` command: each command a few lines over a use case."""

from pooling.cli.main import main

__all__ = ["main"]
