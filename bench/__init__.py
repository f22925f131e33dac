"""Benchmarks: figures that the project promises, measured on real parts."""
