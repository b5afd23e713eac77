"""The same work by edunets and by PyTorch, in turn, on a page: with all threads, and with one each.

One thread is the control. Where PyTorch has two threads and other programs need the cores too, it waits for
its second thread, and a table without the control would call that a slow kernel. One thread's time is what it
works, not what passes: then other programs don't count.
"""
import contextlib
import statistics
import time

import numpy as np
import threadpoolctl
import torch

AGREE = 1.3        # ratios by medians and by shortest times may differ by this; beyond it there is none
DIFFER = 1.5       # a ratio that changes by more than this with the threads is the threads' work


@contextlib.contextmanager
def one_thread():
    """One thread for NumPy's matrix library and for PyTorch."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpoolctl.threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def in_turn(systems, rounds, clock):
    """Seconds of each call: {system: function} -> {system: [seconds, ...]}. The first round warms up."""
    seconds = {name: [] for name in systems}
    for number in range(rounds + 1):
        for name, function in systems.items():
            start = clock()
            function()
            if number:
                seconds[name].append(clock() - start)
    return seconds


def ratio(seconds):
    """Our time over PyTorch's, by the medians; None where the shortest times say something else."""
    median, least = (pick(seconds["edunets"]) / pick(seconds["PyTorch"]) for pick in (statistics.median, min))
    return median if max(median, least) < AGREE * min(median, least) else None


class Beside:
    """Times with all threads and with one, {case: {system: [seconds, ...]}} each; prints as a table."""
    def __init__(self, everything, alone):
        self.everything, self.alone = everything, alone
        self.ratios = {case: (ratio(everything[case]), ratio(alone[case])) for case in alone}

    def verdict(self):
        """What the control says of the cases."""
        kinds = {"the threads make the difference": [], "no ratio: medians and shortest times disagree": []}
        for case, (several, one) in self.ratios.items():
            if several is None or one is None:
                kinds["no ratio: medians and shortest times disagree"].append(case)
            elif not 1 / DIFFER < several / one < DIFFER:
                kinds["the threads make the difference"].append(case)
        return [f"{kind} ({', '.join(cases)})" for kind, cases in kinds.items() if cases]

    def __repr__(self):
        systems = list(dict.fromkeys(name for times in self.alone.values() for name in times))
        wide = max(map(len, self.alone))
        columns = [*systems, "ratio"]
        head = f"{'':{wide}}" + 2 * ("  |" + "".join(f"{name:>10}" for name in columns))
        titles = "all threads", "one thread each, CPU time"
        over = f"{'':{wide}}" + "".join(f"  |{title:>{10 * len(columns)}}" for title in titles)
        lines = [over, head]
        for case, ratios in self.ratios.items():
            line = f"{case:{wide}}"
            for times, share in zip((self.everything[case], self.alone[case]), ratios):
                medians = {name: f"{1e3 * statistics.median(seconds):.3g}" for name, seconds in times.items()}
                line += "  |" + "".join(f"{medians.get(name, ''):>10}" for name in systems)
                line += f"{share:>10.2f}" if share else f"{'-':>10}"
            lines.append(line)
        libraries = f"PyTorch {torch.__version__} ({torch.get_num_threads()} threads), NumPy {np.__version__}"
        told = f"milliseconds, medians of rounds in turn; ratio: edunets / PyTorch; {libraries}"
        return "\n".join([*lines, told, *self.verdict()])


def beside(cases, rounds=15):
    """Time the systems of each case in turn: {case: {"edunets": function, "PyTorch": function, ...}}."""
    everything = {case: in_turn(systems, rounds, time.perf_counter) for case, systems in cases.items()}
    with one_thread():
        alone = {case: in_turn(systems, rounds, time.process_time) for case, systems in cases.items()}
    return Beside(everything, alone)
