"""The shoot-out: all systems compute the same, what is missing or fails is said, and the traces are whole."""
import collections
import json
import subprocess
import sys

import pytest

from edunets.backends import machine
from edunets.profiler import shootout
from edunets.profiler.chart import load_events
from edunets.profiler.shootout import MARK, MARKED, AGREED, SYSTEMS, Shootout, System

SIZE = (2, 3, 4)
OURS = {name: system for name, system in SYSTEMS.items() if system.library == "edunets"}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """All systems that are here, at one size, and the folder of its traces."""
    folder = tmp_path_factory.mktemp("traces")
    return Shootout().run([SIZE], [1], seconds=0.01, folder=str(folder)), folder


@pytest.fixture
def without_others(monkeypatch):
    for name in ("torch", "jax"): monkeypatch.setitem(sys.modules, name, None)


def test_all_systems_compute_the_same(small):
    found, _ = small
    assert found.failures == {} and {*found.systems} == {key[0] for key in found.blocks}
    assert all(found.difference(*key) < AGREED for key in found.values)
    assert all(len(blocks) >= shootout.FEWEST_TURNS for blocks in found.blocks.values())
    assert all(found.seconds(name, SIZE) > 0 for name in found.systems)


def test_ways_for_causes_compute_the_same():
    def parts(*names): return System("edunets", "in_parts", {"parts": names})
    ways = {"plain": System("edunets", "by_hand"), "turned": parts("in_out"),
            "parts": parts("linear", "mse_loss", "SGD")}
    if not shootout.lacks("jax"): ways["turned, JAX"] = System("jax", "with_jit_in_out")
    found = Shootout(ways).run([SIZE, (1, 1, 1)], [1], seconds=0.01)
    assert found.failures == {}
    assert all(found.difference(*key) < AGREED for key in found.values)


def test_threads_and_variables_reach_the_process(monkeypatch):
    seen = {}
    def popen(*arguments, env, **others):
        seen.update(env)
        raise OSError
    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(OSError):
        shootout.Process(System("edunets", "by_hand", variables={"TOLD": "yes"}), 3)
    assert seen["TOLD"] == "yes" and {seen[name] for name in (*machine.THREADS, "NPROC")} == {"3"}


def test_what_is_missing_is_said(without_others):
    found = Shootout().run([SIZE], [1], seconds=0.01)
    assert {*found.systems} == {*OURS} and found.base in OURS
    assert {*found.lacking} == {"torch", "jax"}
    assert "torch is not installed: pip install" in str(found)
    assert "jax is not installed" in found._repr_html_()


def test_one_that_fails_leaves_the_others(without_others):
    """In its first breath, or when it is asked."""
    wrong = {"no way": System("edunets", "by_magic"),
             "no part": System("edunets", "in_parts", {"parts": None})}
    found = Shootout(OURS | wrong).run([SIZE, (1, 1, 1)], [1], seconds=0.01)
    assert {key[0] for key in found.failures} == {*wrong} and len(found.failures) == 4
    assert "KeyError: 'by_magic'" in found.failures["no way", SIZE, 1]
    assert found.failures["no part", SIZE, 1].startswith("TypeError")
    assert found.seconds("no way", SIZE) is None and found.seconds("edunets, by hand", (1, 1, 1)) > 0
    assert "no part, 2x3x4, 1 thread: TypeError" in str(found)


def written(blocks, values=None):
    """A race whose blocks a test writes."""
    found = Shootout({name: OURS["edunets, by hand"] for name in blocks})
    found.sizes, found.threads = [SIZE], [1]
    found.blocks = {(name, SIZE, 1): seconds for name, seconds in blocks.items()}
    found.values = {(name, SIZE, 1): numbers for name, numbers in (values or {}).items()}
    return found


def test_a_ratio_is_taken_within_a_round():
    even = [1.0, 1.0, 4.0, 1.0, 1.0, 4.0]      # a neighbour that both meet
    half = [seconds / 2 for seconds in even]
    found = written({"a": even, "b": half, "c": [1.0, 1.02, 3.9, 1.0, 0.98, 4.1]})
    assert found.ratio("b", SIZE) == (0.5, 0.5, 0.5) and found.ratio("b", SIZE).verdict == "faster"
    assert found.ratio("a", SIZE, 1, "b").verdict == "slower"
    assert found.ratio("c", SIZE).verdict == "undecided"
    assert found.seconds("a", SIZE) == 1.0 and found.ratio("a", (1, 1, 1)) is None


def test_a_busy_neighbour_is_said():
    assert written({"a": [1.0, 1.01, 0.99, 1.0], "b": [2.0, 2.1, 2.0, 2.0]}).notes() == []
    [note] = written({"a": [1.0, 1.0, 1.0, 1.0], "b": [1.0, 3.0, 1.0, 9.0]}).notes()
    assert "in 1 of 2" in note and "b, 2x3x4, 1 thread" in note


def test_other_numbers_are_said():
    blocks = {"a": [1.0], "b": [1.0]}
    assert written(blocks, {"a": [1.0, -2.0], "b": [1.0, -2.00001]}).notes() == []
    [note] = written(blocks, {"a": [1.0, -2.0], "b": [1.0, -2.01]}).notes()
    assert note == "b, 2x3x4, 1 thread: its numbers are not those of a"


# Traces

def misnested(events):
    """Slices that begin within another one of their thread and end after it."""
    stacks, wrong = {}, []
    for e in sorted((e for e in events if e["ph"] == "X"), key=lambda e: (e["ts"], -e["dur"])):
        stack, end = stacks.setdefault((e["pid"], e["tid"]), []), e["ts"] + e["dur"]
        while stack and stack[-1] <= e["ts"]: stack.pop()
        if stack and end > stack[-1] + 0.01: wrong.append(e)      # they are rounded to a nanosecond
        else: stack.append(end)
    return wrong


def test_the_merged_trace_is_whole(small):
    found, folder = small
    events = load_events(shootout.trace_path(folder, SIZE, 1))
    names = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    assert [*names.values()] == [*found.systems]
    for pid, name in names.items():
        mine = [e for e in events if e["pid"] == pid]
        marks = [e for e in mine if e["name"] == MARK]
        assert len(marks) == MARKED and marks[0]["ts"] == 0 and len(mine) > 4 * MARKED, name
        assert shootout.trace_path(folder, SIZE, 1, name).exists()
    assert all({"name", "ph", "pid", "tid"} <= e.keys() for e in events)
    assert all(e["ts"] >= 0 for e in events if e["ph"] != "M")
    assert all(isinstance(e[key], int) for e in events for key in ("pid", "tid"))
    titled = {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name"}
    assert titled == {(e["pid"], e["tid"]) for e in events if e["ph"] != "M"}
    flows = collections.Counter((e["cat"], e["name"], e["id"], e["ph"]) for e in events if e["ph"] in "sf")
    assert set(flows.values()) <= {1} and all((*key[:3], "sf"[key[3] == "s"]) in flows for key in flows)
    assert misnested(events) == []


def test_merging():
    def steps(pid, start):
        return [{"ph": "M", "name": "thread_name", "pid": pid, "tid": 7, "args": {"name": "main"}},
                {"ph": "X", "name": "warm-up", "pid": pid, "tid": 7, "ts": start - 9, "dur": 9},
                *({"ph": "X", "name": MARK, "pid": pid, "tid": 7, "ts": start + t, "dur": 4} for t in (0, 5)),
                {"ph": "X", "name": "mul", "pid": pid, "tid": 7, "ts": start + 1, "dur": 2},
                {"ph": "s", "name": "f", "cat": "f", "id": 1, "pid": pid, "tid": 7, "ts": start + 1},
                {"ph": "X", "name": "end", "pid": pid, "tid": "b", "ts": start + 20, "dur": 1}, {}]
    merged = shootout.merge_traces({"one": steps(4, 1000.0), "two": steps("x", 50.5)})
    slices = [(e["pid"], e["tid"], e["name"], e["ts"]) for e in merged if e["ph"] == "X"]
    assert slices == [(pid, 1, *rest) for pid in (1, 2) for rest in ((MARK, 0), (MARK, 5), ("mul", 1))]
    assert [e["id"] for e in merged if e["ph"] == "s"] == ["1.1", "2.1"]
    titles = [e["args"].get("name") for e in merged if e["ph"] == "M"]
    assert titles == ["one", None, "main", "two", None, "main"]


# The command

def bench(folder, *words): return machine.main(["bench", "--out", str(folder), "--threads", "1", *words])


def test_the_command(without_others, tmp_path, capsys):
    assert bench(tmp_path / "new" / "out", "--sizes", "1x1x1,2x3x4", "--seconds", "0.02") == 0
    said = capsys.readouterr().out
    assert "1 thread: microseconds a step" in said and "torch is not installed" in said and "2x3x4" in said
    facts = json.loads((tmp_path / "new" / "out" / "times.json").read_text())
    assert [row["system"] for row in facts["times"]] == [*OURS] * 2
    assert all(min(row["blocks"]) > 0 and row["first"] > 0 for row in facts["times"])
    assert {path.name for path in tmp_path.rglob("merged.json.gz")} == {"merged.json.gz"}


def test_help_names_the_sizes(capsys):
    with pytest.raises(SystemExit, match="0"): machine.main(["bench", "--help"])
    said = capsys.readouterr().out
    assert "1x8x8" in said and "1024x2048x2048" in said and "--seconds" in said


@pytest.mark.parametrize("words, complaint", [
    (["--sizes", "8x8"], "'8x8' is not a list of sizes"),
    (["--sizes", "0x1x1"], "'0x1x1' is not a list of sizes"),
    (["--sizes", "1x8x8,"], "'1x8x8,' is not a list of sizes"),
    (["--threads", "two"], "'two' is not a list"),
    (["--threads", "0"], "'0' is not a list"), (["--seconds", "nan"], "'nan' is not a number of seconds"),
    (["--seconds", "-1"], "'-1' is not a number of seconds")])
def test_wrong_arguments(words, complaint, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"): bench(tmp_path, *words)
    assert complaint in capsys.readouterr().err


def test_a_folder_that_cannot_be(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert bench(tmp_path / "file" / "out") == 2
    assert "can't be a folder" in capsys.readouterr().err


def test_interrupted_it_keeps_what_was_measured(without_others, tmp_path, capsys, monkeypatch):
    race = Shootout.race
    def interrupted(self, processes, size, *rest):
        if size == SIZE: raise KeyboardInterrupt
        return race(self, processes, size, *rest)
    monkeypatch.setattr(Shootout, "race", interrupted)
    assert bench(tmp_path, "--sizes", "1x1x1,2x3x4", "--seconds", "0.02") == 130
    assert "Stopped." in capsys.readouterr().out
    facts = json.loads((tmp_path / "times.json").read_text())
    assert [row["size"] for row in facts["times"]] == [[1, 1, 1]] * len(OURS)
