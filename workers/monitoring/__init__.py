"""What can be seen of the service from outside: logs, and later metrics, traces and Flower's pages."""
