"""Which servers do producers and consumers connect to? A RabbitMQ or a Redis as broker, and the Redis of the state."""

from collections.abc import Mapping
from typing import Any

_LOGIN = [{"$ref": "#/components/securitySchemes/login"}]

SERVERS: Mapping[str, Any] = {
    "rabbitmq": {
        "host": "{host}:{port}",
        "protocol": "amqp",
        "protocolVersion": "0-9-1",
        "title": "RabbitMQ as broker",
        "description": "AUDIENCE_BROKER_URL, where it is amqp:// (or amqps://, by TLS, at port 5671).",
        "variables": {
            "host": {"default": "rabbitmq.example", "description": "Of AUDIENCE_BROKER_URL."},
            "port": {"default": "5672", "description": "5671 by TLS."},
        },
        "security": _LOGIN,
        "bindings": {"amqp": {}},
    },
    "redis": {
        "host": "{host}:{port}",
        "protocol": "redis",
        "title": "Redis as broker, and for the streams",
        "description": (
            "AUDIENCE_REDIS_URL, redis:// (or rediss://, by TLS), has the streams, whatever the broker is. "
            "AUDIENCE_BROKER_URL, where it is a Redis, has the lists; mostly it is the same server."
        ),
        "variables": {
            "host": {"default": "redis.example", "description": "Of AUDIENCE_REDIS_URL, or AUDIENCE_BROKER_URL."},
            "port": {"default": "6379", "description": "6379 by TLS, too, unless the URL says otherwise."},
        },
        "security": _LOGIN,
        "bindings": {"redis": {}},
    },
}

SECURITY: Mapping[str, Any] = {
    "login": {"type": "userPassword", "description": "The user and password of the URL, where the server asks for one."}
}
