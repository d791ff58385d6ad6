# SPDX-License-Identifier: GPL-2.0-or-later
"""What the agent asks the kernel for, by strace. Never in the run that measures times."""

import re
import signal
import subprocess
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

from support.waiting import wait_until

LEARN_TICKS = 12
SELDOM = 0.005  # reads in a tick: below that an event's, and not the tick's


@dataclass
class Plan:
    """What one container costs in a tick. Paths have {} for the container's name; a rate of 0.5 is each second tick."""
    container_reads: dict = field(default_factory=dict)  # (path, whether it is read to its end): rate
    host_reads: dict = field(default_factory=dict)
    links: float = 0
    processes: float = 0


class Strace:
    """Attached to processes and their threads between entering and leaving."""

    def __init__(self, pids, output, *options):
        command = ["strace", "-f", "-qq", *options, "-e", "signal=none", "-o", str(output)]
        self._pids, self._command = pids, command + [word for pid in pids for word in ("-p", str(pid))]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: self._process.poll() is not None or all(map(_is_traced, self._pids)), 30, "strace to attach")
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGINT)
        errors = self._process.communicate(timeout=60)[1]
        if errors.strip():
            raise RuntimeError(f"strace: {errors.strip()}")


def _is_traced(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        return re.search(r"^TracerPid:\s+[1-9]", status.read(), re.MULTILINE) is not None


LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)")
FD_PATH = re.compile(r"\d+<(/[^>]*)>")
END = re.compile(r", (\d+)\) += (-?\d+)")


def learn(agent, names, grid, folder):
    """Traces LEARN_TICKS ticks of an agent that samples these containers alone."""
    output = folder / "strace.txt"
    grid.next_middle()
    pids, children = [agent.pid, *agent.helper_pids()], agent.child_pids()
    with Strace(pids, output, "-y", "-s", "0", "-e", "trace=pread64,setns,getdents64"):
        begin_ns = grid.next_middle()
        skip = output.read_text().count("\n")
        end_ns = grid.skip(LEARN_TICKS)
    rows = agent.own_rows(begin_ns, end_ns)
    if len(rows) != LEARN_TICKS:
        raise RuntimeError(f"under strace the agent took {len(rows)} ticks of {LEARN_TICKS}: is this machine overloaded?")
    # What they read of themselves the floor reads of itself, but nothing of a child that will soon end.
    own, passing = (re.compile(rf"/proc/(?:{'|'.join(map(str, group)) or '-'})/") for group in (pids, set(children) - set(pids)))
    lines = [own.sub("/proc/self/", line) for line in output.read_text().splitlines()[skip:] if not passing.search(line)]
    return _plan(lines, names, LEARN_TICKS)


def _plan(lines, names, ticks):
    begun, deeper = Counter(), set()
    links = processes = 0
    for call, path, offset, result in _calls(lines):
        if call == "setns":
            links += 0.5  # there and back
        elif call == "getdents64":
            processes += result == 0 and path.endswith("/proc")  # the end of a list; another one is that of the lxcpath
        elif offset == 0:
            begun[path] += 1
        else:
            deeper.add(path)
    plan = Plan(links=links / ticks / len(names), processes=processes / ticks / len(names))
    wanted = re.compile("|".join(map(re.escape, names)))
    for path, count in begun.items():
        template, of_containers = wanted.subn("{}", path)
        reads = plan.container_reads if of_containers else plan.host_reads
        key = (template, path in deeper)
        reads[key] = reads.get(key, 0) + count / ticks / (len(names) if of_containers else 1)
    return plan


def _calls(lines):
    """Call, path of its descriptor, offset and result, also where another thread's call stands in between."""
    open_paths = {}
    for line in lines:
        match = LINE.match(line)
        if not match:
            continue
        pid, call, rest = match.groups()
        path = FD_PATH.match(rest)
        if path:
            open_paths[pid, call] = path[1]
        end = END.search(rest)
        if call == "setns" and rest.endswith("= 0"):
            yield call, "", 0, 0
        elif end:
            yield call, open_paths.pop((pid, call), ""), int(end[1]), int(end[2])


def periods(rate):
    """A rate as what the floor understands: whole reads in each tick, and maybe one in each so many ticks."""
    whole, rest = int(rate + 0.02), rate - int(rate + 0.02)
    return [1] * whole + ([round(1 / rest)] if rest > SELDOM else [])


def count_calls(pids, grid, ticks, folder):
    """System calls of each of the processes in so many ticks: their begin and end, and a Counter for each."""
    outputs = [folder / f"calls-{pid}.txt" for pid in pids]
    begin_ns = grid.next_middle()
    with ExitStack() as stack:
        for pid, output in zip(pids, outputs):
            stack.enter_context(Strace([pid], output, "-c", "-U", "calls,name"))
        end_ns = grid.skip(ticks)
    return begin_ns, end_ns, [_table(output.read_text()) for output in outputs]


def _table(text):
    rows = re.findall(r"^ *(\d+) +(\w+)$", text, re.MULTILINE)
    return Counter({name: int(count) for count, name in rows if name != "total"})
