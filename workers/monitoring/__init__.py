"""What can be seen of the service from outside: lanes and jobs for people, logs, metrics and traces."""
