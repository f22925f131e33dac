"""Which jobs did the broker confirm, and when? A producer that repeats what was not confirmed, and keeps a ledger."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass

from audience_client import Producer
from faults.orders import Order
from workers.loop import OUTAGES


@dataclass(frozen=True, slots=True)
class Confirmed:
    """``at``: seconds since the epoch, when the confirm came."""

    order: Order
    at: float


class Sender(threading.Thread):
    """Sends the orders evenly over a time, straight to the broker, each until it is confirmed."""

    def __init__(self, broker_url: str, orders: list[Order], within_s: float) -> None:
        super().__init__(name="producer", daemon=True)
        self.confirmed: list[Confirmed] = []
        self.repeated = 0
        self._broker_url, self._orders, self._each_s = broker_url, orders, within_s / len(orders)
        self._ending = threading.Event()
        self._producer = Producer(broker_url)

    def run(self) -> None:
        began = time.monotonic()
        for number, order in enumerate(self._orders):
            self._ending.wait(began + number * self._each_s - time.monotonic())
            while not self._ending.is_set() and not self._sent(order):
                self.repeated += 1
                self._ending.wait(0.2)
        self._let_go()

    def close(self) -> None:
        self._ending.set()
        self.join()

    def _sent(self, order: Order) -> bool:
        try:
            self._producer.send(order.body)
        except OUTAGES:
            self._let_go()
            self._producer = Producer(self._broker_url)
            return False
        self.confirmed.append(Confirmed(order, time.time()))
        return True

    def _let_go(self) -> None:
        with contextlib.suppress(*OUTAGES):
            self._producer.close()
