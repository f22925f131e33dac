"""Which parts make the service? The only place that reads the environment, opens connections and chooses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from urllib.parse import quote

import redis

from workers import broker
from workers.config import ProviderConfig, read_config
from workers.embedded import server
from workers.execution.dispatcher import Dispatcher
from workers.execution.endings import Endings
from workers.execution.execute import Executor
from workers.execution.feed import Feed
from workers.files import Files
from workers.intake.amqp import QueueReader
from workers.intake.door import Door
from workers.intake.redis_list import ListReader
from workers.intake.redis_stream import StreamReader
from workers.intake.watermark import Watermark
from workers.lanes.keys import REJECTED
from workers.lanes.lanes import Lanes
from workers.lanes.rejections import Rejections
from workers.lanes.tokens import SharedTokens
from workers.loop import Loop
from workers.providers.provider import Provider, installed
from workers.results.publisher import Publisher
from workers.settings import NO_PROVIDER, Settings, SettingsError, read_settings


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the broker and the state store are."""

    broker_url: str
    redis_url: str


def locate(settings: Settings) -> Endpoints:
    """The broker and the state store; starts the embedded server where none is set.

    Raises ``SettingsError`` where they cannot be told.
    """
    broker_url, redis_url = settings.broker_url, settings.redis_url
    if broker_url is None:
        if redis_url is None:
            redis_url = f"unix://{quote(str(server.ensure_running(settings.data_dir)))}"
        return Endpoints(redis_url.replace("unix://", "redis+socket://"), redis_url)  # kombu's name of the scheme
    if redis_url is None:
        if broker.is_amqp(broker_url):
            raise SettingsError(
                "AUDIENCE_BROKER_URL is an AMQP broker, which cannot hold the state: set AUDIENCE_REDIS_URL too"
            )
        return Endpoints(broker_url, broker_url)
    return Endpoints(broker_url, redis_url)


class Service:
    """The parts of one process, made when they are first needed."""

    def __init__(self, settings: Settings, endpoints: Endpoints) -> None:
        self.settings = settings
        self.endpoints = endpoints

    @cached_property
    def redis(self) -> redis.Redis:
        return broker.redis_client(self.endpoints.redis_url)

    @cached_property
    def providers(self) -> Mapping[str, Provider]:
        return installed()

    @cached_property
    def configs(self) -> Mapping[str, ProviderConfig]:
        models = {name: provider.config_model for name, provider in self.providers.items()}
        configs = read_config(self.settings.config, models)
        for name, config in configs.items():
            self._know_operations(name, config)
        return configs

    def check_producers(self) -> None:
        """Raises ``SettingsError`` for a key of a producer that cannot be read: all that it signed would be refused."""
        for name, config in self.configs.items():
            for account, its in config.accounts.items():
                for producer, key in its.producers.items():
                    try:
                        key.read()
                    except SettingsError as error:
                        place = f"[{name}.accounts.{account}.producers] {producer}"
                        raise SettingsError(f"AUDIENCE_CONFIG: {place}: {error}") from error

    def _know_operations(self, name: str, config: ProviderConfig) -> None:
        """Raises ``SettingsError`` for a limit of an operation that the provider does not have."""
        known = self.providers[name].operations
        places = {name: config.operations}
        places |= {f"{name}.accounts.{key}": account.operations for key, account in config.accounts.items()}
        for place, operations in places.items():
            for operation in operations:
                if operation not in known:
                    raise SettingsError(
                        f"AUDIENCE_CONFIG: [{place}.operations.{operation}]: {name} has no such operation; "
                        f"there are {', '.join(sorted(known))}"
                    )

    @cached_property
    def lanes(self) -> Mapping[str, Lanes]:
        return {
            name: Lanes(self.redis, name, self.configs[name], self.settings.request_timeout_s)
            for name in self.providers
        }

    @cached_property
    def door(self) -> Door:
        rejections = Rejections(self.redis, self.settings.dead_letter_days * 86400)
        watermark = Watermark(
            self.redis, list(self.providers), self.settings.max_waiting_jobs, self.settings.max_memory_share
        )
        return Door(self.providers, self.configs, self.lanes, rejections, watermark)

    @cached_property
    def executor(self) -> Executor:
        tokens = {name: SharedTokens(self.redis, name) for name in self.providers}
        files = Files.of(self.settings)
        return Executor(
            self.providers, self.configs, self.lanes, self.door.payloads, tokens, files, self.endings, self.settings
        )

    @cached_property
    def endings(self) -> Mapping[str, Endings]:
        return {name: Endings(lanes, self.settings) for name, lanes in self.lanes.items()}

    @cached_property
    def feed(self) -> Feed:
        return Feed()

    def executed(self) -> list[str]:
        """The providers that this worker executes."""
        if self.settings.providers.strip() == NO_PROVIDER:
            return []
        named = [name.strip() for name in self.settings.providers.split(",") if name.strip()]
        for name in named:
            if name not in self.providers:
                raise SettingsError(
                    f"AUDIENCE_PROVIDERS: {name} is not installed (installed: {', '.join(sorted(self.providers))})"
                )
        return named or sorted(self.providers)

    def configure_lanes(self) -> None:
        """Tell the lanes the limits of the configuration."""
        for lanes in self.lanes.values():
            lanes.configure()

    def loops(self) -> list[Loop]:
        """The background threads that bring a worker its work."""
        return [*(self._intake() if self.settings.intake else []), *self._dispatch()]

    def _intake(self) -> list[Loop]:
        reader = StreamReader(self.redis, self.door)
        stream = Loop("intake-stream", reader.turn, reader.close)
        url = self.endpoints.broker_url
        if broker.is_amqp(url):
            queues = [QueueReader(url, queue, self.door) for queue in (broker.JOBS, broker.SUBMIT)]
            return [stream, *(Loop(f"intake-{each.queue.name}", each.turn, each.close) for each in queues)]
        client = broker.redis_client(url)
        lists = [ListReader(client, queue.name, self.door) for queue in (broker.JOBS, broker.SUBMIT)]
        return [stream, *(Loop(f"intake-{each.queue}", each.turn, each.close) for each in lists)]

    def _dispatch(self) -> list[Loop]:
        loops = []
        for name in self.executed():
            dispatcher = Dispatcher(name, self.lanes[name], self.executor, self.feed, self.settings.lease_s)
            loops += [Loop(f"dispatch-{name}", dispatcher.turn), Loop(f"listen-{name}", dispatcher.listen)]
        return loops

    def settlers(self) -> list[Loop]:
        """The background threads that settle what has ended; they end after the pool.

        One for each provider: in a cluster, one provider's part of the state may be out, and not the other's.
        """
        return [Loop(f"settle-{name}", each.turn, each.close) for name, each in self.endings.items()]

    def publishers(self) -> list[Loop]:
        """The background threads that take events out; they end last."""
        publishers = [
            Publisher(
                self.redis,
                name,
                self.endpoints.broker_url,
                self.settings.results_queue,
                self.settings.results_stream_length,
            )
            for name in (*self.providers, REJECTED)
        ]
        return [Loop(f"publish-{each.partition_name}", each.turn, each.close) for each in publishers]


@cache
def service() -> Service:
    """The service of this process, from its environment."""
    settings = read_settings()
    return Service(settings, locate(settings))


Announce = Callable[[str], None]


def announce_embedded(here: Service, say: Announce = lambda line: print(line, file=sys.stderr)) -> None:  # noqa: T201
    """One line that says which server is used, where none was configured."""
    if here.settings.broker_url is None and here.settings.redis_url is None:
        say(f"embedded server: {here.endpoints.redis_url} (for production set AUDIENCE_BROKER_URL)")
