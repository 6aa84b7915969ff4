"""Pooled purchasing between public authorities, from declared needs to who pays what."""

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds `migrations/` and `config/`."""
