"""Reads of public pages from streaming replicas: which one to ask, and which to leave out for now.

A thread for each server asks it every second how far it is; requests look at what is known and never wait for a check.
A replica is used while its last good check is a few seconds old at most and it is not too far behind. One that fails a
request is left out at once, and the request goes on with the primary. Nothing of this happens without replicas.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DEFAULT_DB_ALIAS

from citations.engines import replication
from citations.engines.replication import Standing

logger = logging.getLogger(__name__)

PRIMARY = DEFAULT_DB_ALIAS
# Seconds between two checks of a server: a statement a second costs nothing to notice.
CHECK_EVERY = 1.0
# Seconds for which a good check holds. A server that no longer answers keeps its check waiting, and so grows stale.
CHECK_HOLDS = 4.0
# As many past places of the primary as tell a lag of some minutes; one a second.
_PLACES_KEPT = 600

# The replica that the request at work reads; None for the primary.
_reading: ContextVar[str | None] = ContextVar("citations_replica", default=None)


def current() -> str:
    """The alias of the database that the request at work reads."""
    return _reading.get() or PRIMARY


@contextmanager
def reading_from(alias: str | None) -> Iterator[None]:
    """Within, models are read from this database, and written to the primary; None stands for the primary."""
    token = _reading.set(alias)
    try:
        yield
    finally:
        _reading.reset(token)


class ReplicaRouter:
    """Sends reads where `reading_from` says, and everything else to the primary (`DATABASE_ROUTERS`)."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """The replica of the request at work; None leaves the choice to Django, which takes the primary."""
        return _reading.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """The primary."""
        return PRIMARY

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        """All are copies of one database."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Replicas follow by themselves."""
        return None if db == PRIMARY else False


@dataclass
class _Known:
    """What is known of one server: when its last good check began, when something went wrong last, and what."""

    checked_at: float = float("-inf")
    left_out_at: float = float("-inf")
    problem: str = ""
    lag: float = 0.0


@dataclass(frozen=True)
class ReplicaReport:
    """One replica for people: its alias, whether it is used, and in which words why not or how far it is behind."""

    alias: str
    is_used: bool
    said: str


@dataclass
class Replicas:
    """The replicas of one process. `checks` makes the threads that check them, unless it is switched off for a test."""

    aliases: tuple[str, ...]
    most_lag: float
    clock: Callable[[], float] = time.monotonic
    checks: bool = True
    _known: dict[str, _Known] = field(default_factory=dict)
    # Where the primary stood, and when it was asked: newest last.
    _places: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=_PLACES_KEPT))
    _in_use: dict[int, tuple[str, BaseDatabaseWrapper]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _process: int | None = None

    def choose(self) -> str | None:
        """A replica that may be read now, at random among them; None where there is none."""
        if not self.aliases:
            return None
        self._start()
        usable = [alias for alias in self.aliases if not self._objection(alias)]
        return random.choice(usable) if usable else None

    def leave_out(self, alias: str, problem: str) -> None:
        """Do not read this replica before a check that begins later succeeds."""
        known = self._known.setdefault(alias, _Known())
        if known.left_out_at < known.checked_at:
            logger.warning("The replica %s is left out: %s", alias, problem)
        known.problem, known.left_out_at = problem, self.clock()

    def report(self) -> list[ReplicaReport]:
        """What is known of each replica now."""
        if self.aliases:
            self._start()
        said = []
        for alias in self.aliases:
            objection = self._objection(alias)
            known = self._known.get(alias, _Known())
            said.append(ReplicaReport(alias, not objection, objection or f"in use, {known.lag:.0f} s behind"))
        return said

    @contextmanager
    def in_use(self, alias: str) -> Iterator[None]:
        """Within, this thread reads the replica: where it stops answering, the wait is cut short."""
        key = threading.get_ident()
        self._in_use[key] = (alias, connections[alias])
        try:
            yield
        finally:
            self._in_use.pop(key, None)

    # What the checks say ----------------------------------------------------------------------------------------------

    def _objection(self, alias: str) -> str:
        """Why a replica may not be read now; "" where it may."""
        known = self._known.get(alias)
        if known is None:
            return "not checked yet"
        if known.left_out_at >= known.checked_at:
            return known.problem or "not checked yet"
        if self.clock() - known.checked_at > CHECK_HOLDS:
            return "it does not answer"
        if known.lag > self.most_lag:
            return f"it is {known.lag:.0f} s behind"
        return ""

    def learn(self, alias: str, begun_at: float, standing: Standing) -> None:
        """Take in a good check of a server that began at `begun_at`."""
        known = self._known.setdefault(alias, _Known())
        if alias == PRIMARY:
            known.checked_at = begun_at
            self._places.append((begun_at, standing.place))
            return
        if not standing.is_replica:
            self.leave_out(alias, "it is not a replica")
            return
        if begun_at <= known.left_out_at:
            return
        objected = self._objection(alias)
        known.checked_at, known.lag = begun_at, self._lag(begun_at, standing)
        objects = self._objection(alias)
        if objected and not objects:
            logger.info("The replica %s is read.", alias)
        elif objects and not objected:
            logger.warning("The replica %s is left out: %s", alias, objects)

    def _lag(self, now: float, standing: Standing) -> float:
        """Seconds since the primary stood where the replica stands now, as far as the checks tell.

        Comparing places in the log needs no clock of the servers', and does not take an idle primary for a lagging
        replica, as the age of the last transaction would. While the primary cannot be asked nobody writes, and what
        was known last holds.
        """
        newest_reached = oldest_missed = None
        for asked_at, place in reversed(self._places):
            if place <= standing.place:
                newest_reached = asked_at
                break
            oldest_missed = asked_at
        if oldest_missed is None:
            return 0.0
        if newest_reached is None and standing.seconds_behind is not None:
            # Further behind than this process has been watching.
            return max(standing.seconds_behind, now - oldest_missed)
        return now - oldest_missed

    # The threads that check -------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Start the threads, once in each process: they do not come along when a server process forks."""
        if not self.checks or self._process == os.getpid():
            return
        with self._lock:
            if self._process == os.getpid():
                return
            self._known.clear()
            self._places.clear()
            self._in_use.clear()
            for alias in (PRIMARY, *self.aliases):
                threading.Thread(target=self._watch, args=(alias,), name=f"check of {alias}", daemon=True).start()
            threading.Thread(target=self._cut_hanging, name="waits for replicas", daemon=True).start()
            self._process = os.getpid()

    def _watch(self, alias: str) -> None:
        """Check one server again and again. It has connections of its own, since those of Django belong to threads."""
        while True:
            self.check(alias)
            time.sleep(CHECK_EVERY)

    def check(self, alias: str) -> None:
        """Ask one server how far it is, and take in the answer."""
        begun_at = self.clock()
        connection = connections[alias]
        try:
            self.learn(alias, begun_at, replication.standing(connection))
        except Exception as error:  # whatever it is, the thread must live on and the replica stay out
            with suppress(Exception):
                connection.close()
            if alias != PRIMARY:
                self.leave_out(alias, _in_a_line(error))

    def _cut_hanging(self) -> None:
        """End the waiting of requests for replicas that have stopped answering."""
        while True:
            time.sleep(CHECK_EVERY)
            for alias in self.aliases:
                known = self._known.get(alias, _Known())
                if self.clock() - known.checked_at <= CHECK_HOLDS:
                    continue
                if known.left_out_at < known.checked_at:
                    self.leave_out(alias, "it does not answer")
                for read, connection in list(self._in_use.values()):
                    if read == alias:
                        replication.cut(connection)


def _in_a_line(error: Exception) -> str:
    """The first line of what a driver says; nothing of it is shown to readers."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


REPLICAS = Replicas(tuple(settings.REPLICA_ALIASES), settings.REPLICA_MAX_LAG)


def is_in_use() -> bool:
    """Whether the request at work reads a replica."""
    return _reading.get() is not None


def stop_reading() -> None:
    """The request at work reads the primary from now on."""
    _reading.set(None)


def give_up(error: Exception) -> bool:
    """Go on with the primary after an error of the replica that the request at work reads; False where it reads none,
    and where the error is not a database's.

    A replica that cannot be reached is left out; one that only refused a statement, because what it replays was in the
    way of a long read, stays.
    """
    alias = _reading.get()
    if alias is None or not replication.is_of_database(error):
        return False
    _reading.set(None)
    if replication.is_unreachable(error):
        REPLICAS.leave_out(alias, _in_a_line(error))
        with suppress(Exception):
            connections[alias].close()
    return True
