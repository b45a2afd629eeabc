"""The rounds of the three kinds of workload with all subjects."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

from contrib.bench.figures import Figures, of_talk
from contrib.bench.load import Load, MissingError
from contrib.bench.measure import cpu_s, rss_kib
from contrib.bench.people import Crowd, CrowdError
from contrib.bench.servers import CannotStartError, Servers, dialling, links, start
from contrib.bench.workloads import Workload, channels_of, script

AT_ONCE = 100
WARM_S = 0.7


class Runs:
    """A workload. Subjects take turns, so that a disturbance hits all alike; a subject with an error is out."""

    def __init__(self, work: Workload, kinds: list[str], core: int | None, say: Callable[[str], None]) -> None:
        self.work = work
        self.errors: list[str] = []
        self.found: dict[str, list[Figures]] = {}
        self._core = core
        self._say = say
        pairs = [(kind, nodes) for nodes in work.nodes for kind in kinds if nodes == 1 or links(kind)]
        self._subjects = {kind if nodes == 1 else f"{kind} x{nodes}": (kind, nodes) for kind, nodes in pairs}

    def run(self) -> None:
        """Fill `found` by subject, and `errors`. A subject with an error has no figures at all."""
        {"talk": self._talk, "idle": self._idle, "connect": self._connect}[self.work.kind]()

    def _each(self, step: Callable[[str], None]) -> None:
        for name in list(self._subjects):
            try:
                step(name)
            except (MissingError, CrowdError, CannotStartError) as error:
                self.errors.append(f"{self.work.name}: {name}: {error}")
                self._say(f"ERROR: {self.errors[-1]}")
                del self._subjects[name]
                self.found.pop(name, None)

    def _start(self, name: str) -> Servers:
        return start(*self._subjects[name], self._core)

    def _take(self, name: str, figures: Figures) -> None:
        self.found.setdefault(name, []).append(figures)
        self._say(f"{self.work.name}: {name}: {figures}")

    def _talk(self) -> None:
        """All subjects stand ready with all people the whole time; an idle subject costs the other subject nothing."""
        ready: dict[str, tuple[Servers, Load]] = {}
        work = self.work
        with ExitStack() as stack:

            def prepare(name: str) -> None:
                servers = stack.enter_context(self._start(name))
                crowd = Crowd(servers.addresses, channels_of(work), work.caps)
                stack.callback(crowd.close)
                crowd.enter(AT_ONCE, dialling(self._subjects[name][0]))
                crowd.settle()
                load = Load(crowd, script(work), work.probe_every)
                load.run(work.pace, WARM_S)
                ready[name] = servers, load

            def talk(name: str) -> None:
                servers, load = ready[name]
                before, began = cpu_s(servers.pids), time.perf_counter()
                outcome = load.run(work.pace, work.seconds)
                took = time.perf_counter() - began
                self._take(name, of_talk(outcome, cpu_s(servers.pids) - before, took, bool(work.pace.rate)))

            self._each(prepare)
            for _ in range(work.rounds):
                self._each(talk)

    def _idle(self) -> None:
        """Each round has a fresh server: freed memory stays in the process and would flatter the next round."""

        def idle(name: str) -> None:
            with self._start(name) as servers:
                before = rss_kib(servers.pids)
                crowd = Crowd(servers.addresses, channels_of(self.work), self.work.caps)
                try:
                    crowd.enter(AT_ONCE, dialling(self._subjects[name][0]))
                    crowd.settle()
                    self._take(name, Figures(idle_kib=(rss_kib(servers.pids) - before) / self.work.people))
                finally:
                    crowd.close()

        for _ in range(self.work.rounds):
            self._each(idle)

    def _connect(self) -> None:
        """All rounds have the same server: a node counts after some time of work, not at the start."""
        people = self.work.people
        ready: dict[str, Servers] = {}
        with ExitStack() as stack:

            def prepare(name: str) -> None:
                ready[name] = stack.enter_context(self._start(name))

            def connect(name: str) -> None:
                pids = ready[name].pids
                before = cpu_s(pids)
                crowd = Crowd(ready[name].addresses, channels_of(self.work), self.work.caps)
                own = time.process_time()
                try:
                    took = crowd.enter(AT_ONCE, dialling(self._subjects[name][0]))
                    cpu, own = cpu_s(pids) - before, time.process_time() - own
                finally:
                    crowd.close()
                figures = Figures(
                    clients_s=people / took,
                    cpu_us=cpu / people * 1e6,
                    load_us=own / people * 1e6,
                    busy=cpu / took * 100,
                    load_busy=own / took * 100,
                )
                self._take(name, figures)
                _rest(pids)

            self._each(prepare)
            for _ in range(self.work.rounds):
                self._each(connect)


def _rest(pids: list[int]) -> None:
    """Wait until the server is done with the people who left."""
    busy = True
    while busy:
        before = cpu_s(pids)
        time.sleep(0.5)
        busy = cpu_s(pids) - before > 0.03
