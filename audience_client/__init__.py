"""What does a Python program need to send jobs and to hear of their ends? ``Producer``, ``Answers`` and ``Events``."""

from audience_client.answers import Answers, NoAnswer
from audience_client.events import Events
from audience_client.producer import InvalidJob, Producer
from schemas.signed import Signer

__all__ = ["Answers", "Events", "InvalidJob", "NoAnswer", "Producer", "Signer"]
