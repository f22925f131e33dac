"""Flower's further pages: lanes, dead letters, jobs. Flower itself stays as it is."""
