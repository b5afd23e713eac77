"""The speed tables cover the table: no row is left out, and what is measured is right."""
import json

import pytest

import book
from benchmarks import lenet, mlp_adam, rows, transformer_block
from edunets.table import OPS

RESULT = json.loads((book.ROOT / "benchmarks" / "results" / "rows.json").read_text())
NETWORK = json.loads((book.ROOT / "benchmarks" / "results" / "lenet.json").read_text())


def test_every_row_has_a_case():
    assert {rows.row_of(label) for label in rows.CASES} == OPS.keys()


def test_every_case_was_measured_and_what_is_slow_has_a_reason():
    assert {line["case"] for line in RESULT["rows"]} == rows.CASES.keys()
    assert rows.slow(RESULT["rows"]).keys() <= rows.REASONS.keys() <= rows.CASES.keys()


@pytest.mark.parametrize("label", rows.CASES)
def test_a_case_is_the_same_everywhere(label):
    pytest.importorskip("torch")
    rows.compare(label, {system: out for name in ("edunets", "torch")
                         for system, out in rows.prepare(name, label, 1000)[1].items()})


def test_a_transformer_block_is_the_same_as_pytorchs():
    pytest.importorskip("torch")
    transformer_block.compare(transformer_block.problem())


def test_a_transformer_block_was_measured():
    found = json.loads((book.ROOT / "benchmarks" / "results" / "transformer_block.json").read_text())
    assert found["ratio"]["edunets"][0] <= 1.3 and found["peak_ratio"] <= 1.2


def test_the_network_is_the_same_everywhere():
    pytest.importorskip("torch")
    lenet.check(batch=3)


def test_the_network_reached_its_goals():
    assert NETWORK["us"].keys() == NETWORK["peak"].keys() == lenet.SYSTEMS.keys()
    assert (max(NETWORK["ratio"][0], NETWORK["one thread"]["ratio"][0]) <= lenet.GOAL
            and NETWORK["peak"]["edunets"] <= lenet.MEMORY_GOAL * NETWORK["peak"]["PyTorch"])


@pytest.mark.parametrize("batch", (3, 64))
def test_training_by_adam_is_the_same_everywhere(batch):
    pytest.importorskip("torch")
    mlp_adam.check(batch)


def test_training_by_adam_reached_its_goals():
    found = json.loads((book.ROOT / "benchmarks" / "results" / "mlp_adam.json").read_text())["rows"]
    assert tuple(row["batch"] for row in found) == mlp_adam.BATCHES
    for row in found:
        assert (row["ratio"][0] <= mlp_adam.GOAL
                and row["bytes"]["edunets"] <= mlp_adam.MEMORY_GOAL * row["bytes"]["PyTorch"])
