"""Reminders: what must be said to whom and when, as rows; the sweep that turns them into messages.

Knows no feature: each feature hands it a `Kind` (when and to whom, whether it is still due, what is said).
A reminder goes `planned → sent`, or `superseded` (its subject was moved or cancelled), `missed` (past its
use), `not_needed` (settled meanwhile, or the person left).
"""
