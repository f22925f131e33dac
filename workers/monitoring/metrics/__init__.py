"""What is measured: what this process did, and how the state stands. In Prometheus's words, under ``audience_``."""
