"""What became of a job, as one trace with its producer's and its consumer's: OpenTelemetry, off by default."""
