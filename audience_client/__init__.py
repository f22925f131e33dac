"""What a Python producer needs to send jobs: ``with Producer(broker_url) as producer: producer.submit(job)``."""

from audience_client.producer import InvalidJob, Producer

__all__ = ["InvalidJob", "Producer"]
