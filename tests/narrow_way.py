"""How is one direction of a connection lost? A way of TCP that carries so many bytes, or no answers, until cut."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self


class NarrowWay:
    """Carries every connection to its port on loopback to another one. Use it in a ``with`` statement."""

    def __init__(self, to_port: int) -> None:
        self._to = ("127.0.0.1", to_port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self.carry_all()
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self.cut()
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()

    def carry_all(self) -> None:
        self._left: int | None = None
        self._drops = False
        self._forgotten: set[socket.socket] = set()
        self._answered = threading.Event()

    def carry_only(self, count: int) -> None:
        """From now on so many bytes reach the server, and what else is sent to it stands still."""
        self._answered.clear()
        self._left = count

    def drop_answers(self) -> None:
        """From now on nothing reaches the client."""
        self._drops = True

    def forget(self) -> None:
        """From now on no connection that stands carries an answer; new ones do. As after a host that is gone."""
        self._forgotten = set(self._ends)

    def has_answered(self) -> bool:
        """Whether the server has said something since then."""
        return self._answered.is_set()

    def cut(self) -> None:
        """End every connection: what was carried is read, and then its end."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(self._to)
                self._ends += [client, server]
                for way in (self._to_server, client, server), (self._to_client, server, client):
                    self._threads.append(threading.Thread(target=way[0], args=way[1:]))
                    self._threads[-1].start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self._left is not None:
                    data = data[: self._left]
                    self._left -= len(data)
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _to_client(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if not self._drops and client not in self._forgotten:
                    client.sendall(data)
                    self._answered.set()
            client.shutdown(socket.SHUT_WR)
