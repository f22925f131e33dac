"""What may help where a server is out of reach? It depends on what the library said."""

from __future__ import annotations


def hint(sentence: str) -> str:
    """What to do, beside what the sentence itself says."""
    if "certificate" not in sentence.casefold():
        return "See that host, port and credentials are right, too."
    return (
        "Use the host's name as the certificate has it, and let its authority be trusted: in the system's store, "
        "or by SSL_CERT_FILE (see docs/running.md)."
    )
