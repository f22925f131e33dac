"""Flower's further pages: lanes, dead letters, jobs, the audit. Flower itself stays as it is."""
