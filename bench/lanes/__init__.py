"""The figures of the lanes: ``python -m bench.lanes`` measures them all, one file a figure.

What is measured is the service as its users run it: worker processes, a Redis or Valkey, HTTP to a provider. Only the
provider is a stub (``stub.py``), because it is the clock: it writes down when each request arrives.
"""
