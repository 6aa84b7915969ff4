"""The year at a glance, the cadence of meetings, and each person's own calendar."""
