"""Echoes lines on one thread, with four others for work that takes long: python3 e6_3.py PORT"""

import os
import queue
import select
import socket
import sys
import threading
import time
from collections import deque
from typing import Self

POOL = 4
LINE_BYTES_MAX = 4096
ANSWERS_MAX = 100  # unfinished answers of a client, before we stop reading

Job = tuple["Client", list[bytes], int]


class Client:
    """One connection, and its answers in order. An answer that isn't known yet is empty."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.begun = b""  # of a line
        self.answers: deque[list[bytes]] = deque()
        self.out = b""
        self.ended = False

    def interest(self) -> int:
        is_owed_enough = self.out or len(self.answers) >= ANSWERS_MAX
        wanted = 0 if self.ended or is_owed_enough else select.POLLIN
        return wanted | (select.POLLOUT if self.out else 0)

    def finished(self) -> bool:
        return self.ended and not self.answers and not self.out


class Loop:
    """Reads, writes, and never waits for anything but poll(2)."""

    def __init__(self, port: int) -> None:
        self.wake = os.eventfd(0, os.EFD_NONBLOCK)
        self.listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self.listener.setblocking(False)
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.done: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.clients: dict[int, Client] = {}
        self.poll = select.poll()
        # The listener comes first in every batch, before any close. So no new client gets the
        # number of a client whose event is still in the batch.
        self.poll.register(self.listener, select.POLLIN)
        self.poll.register(self.wake, select.POLLIN)

    def work(self) -> None:
        """Runs in a thread of the pool. Only the loop, once woken, touches a client."""
        while True:
            job = self.jobs.get()
            time.sleep(job[2] / 1000)  # a disk, a password's hash
            self.done.put(job)
            os.eventfd_write(self.wake, 1)

    def start_pool(self) -> Self:
        for _ in range(POOL):
            threading.Thread(target=self.work, daemon=True).start()
        return self

    def run(self) -> None:
        while True:
            for number, events in self.poll.poll():
                if number == self.listener.fileno():
                    self.accept()
                elif number == self.wake:
                    self.take_results()
                elif client := self.clients.get(number):
                    self.turn(client, events)

    def accept(self) -> None:
        try:
            client = Client(self.listener.accept()[0])
        except OSError:
            return
        client.connection.setblocking(False)
        self.clients[client.connection.fileno()] = client
        self.poll.register(client.connection, client.interest())

    def take_results(self) -> None:
        os.eventfd_read(self.wake)
        while not self.done.empty():
            client, answer, milliseconds = self.done.get()
            answer.append(b"done %d\n" % milliseconds)
            if client.connection.fileno() >= 0:  # the client may have left meanwhile
                self.turn(client, 0)

    def turn(self, client: Client, events: int) -> None:
        """Handles all events, and then waits for more."""
        try:
            if events & (select.POLLERR | select.POLLHUP):
                return self.close(client)
            if events & select.POLLIN:
                self.read(client)
            while client.answers and client.answers[0]:
                client.out += client.answers.popleft()[0]
            if client.out:
                client.out = client.out[client.connection.send(client.out):]
        except BlockingIOError:
            pass
        except OSError:
            return self.close(client)
        if client.finished():
            return self.close(client)
        self.poll.modify(client.connection, client.interest())

    def read(self, client: Client) -> None:
        data = client.connection.recv(4096)
        client.ended = not data
        *lines, client.begun = (client.begun + data).split(b"\n")
        if len(client.begun) > LINE_BYTES_MAX:
            raise OSError("a line without an end")
        for line in lines:
            word, _, number = line.partition(b" ")
            if word == b"wait" and number.isdigit():
                client.answers.append([])
                self.jobs.put((client, client.answers[-1], int(number)))
            else:
                client.answers.append([line + b"\n"])

    def close(self, client: Client) -> None:
        self.poll.unregister(client.connection)
        del self.clients[client.connection.fileno()]
        client.connection.close()


Loop(int(sys.argv[1])).start_pool().run()
