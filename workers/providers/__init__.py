"""The providers: one folder each, found by entry point; adding one touches no other file."""
