"""Datasets, samplers and the loader: the same batches whoever makes them, a place that can be kept, errors
that come home, workers that go. Beside PyTorch where both can be compared; its random orders are
others."""
import copy
import gc
import inspect
import io
import itertools
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
import weakref
from collections import Counter, OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

import book
import datasets
import edunets as en
from conftest import label
from datasets import Failing, Mixed, Noisy, Noted, Numbers, Sleepy, Stream
from edunets.data import (BatchSampler, ChainDataset, ConcatDataset, DataLoader, RandomSampler,
                          SequentialSampler, Subset, SubsetRandomSampler, TensorDataset,
                          WeightedRandomSampler,
                          default_collate, default_convert, random_split)
from edunets import data
from edunets.data.loading import METHODS

WORKERS = {"none": {},
           "1 thread": dict(num_workers=1),
           "3 threads": dict(num_workers=3),
           "kept threads": dict(num_workers=2, persistent_workers=True),
           "far ahead": dict(num_workers=2, prefetch_factor=9),
           "1 process": dict(num_workers=1, workers="processes"),
           "2 processes": dict(num_workers=2, workers="processes", persistent_workers=True)}
KINDS = ("threads", "processes")


def plain(x):
    "A batch as numbers, lists and dicts, with the dtypes of its tensors."
    if isinstance(x, (tuple, list)): return [type(x).__name__, *map(plain, x)]
    if isinstance(x, dict): return {key: plain(value) for key, value in x.items()}
    return [str(x.dtype).rpartition(".")[2], x.tolist()] if hasattr(x, "tolist") else x


def seeded(seed): return en.Generator().manual_seed(seed)


def started():
    return ([t for t in threading.enumerate() if t.name.startswith(("thread ", "process "))]
            + multiprocessing.active_children())


def none_left(before=(), seconds=60):
    "Whether all workers end soon, but for those that were there before."
    end = time.monotonic() + seconds
    while (left := set(started()) - set(before)) and time.monotonic() < end: time.sleep(0.005)
    if left: print("left:", left)
    return not left


# Beside PyTorch

@pytest.fixture(scope="module")
def torch():
    torch = pytest.importorskip("torch")
    import torch.utils.data
    return torch


@pytest.mark.parametrize("n", [1, 7, 8])
def test_the_same_batches_as_pytorch(torch, n):
    for size, drop_last in itertools.product((1, 3, 7, 20, None), (False, True)):
        if size is None and drop_last: continue
        ours, theirs = (m.DataLoader(m.TensorDataset(x, x * 2), size, drop_last=drop_last)
                        for m, x in ((en.utils.data, en.arange(n)), (torch.utils.data, torch.arange(n))))
        assert len(ours) == len(theirs) and plain(list(ours)) == plain(list(theirs))


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("workers", [0, 1, 2, 3])
@pytest.mark.parametrize("split", [False, True])
def test_the_same_streams_as_pytorch(torch, workers, split):
    class Lines(torch.utils.data.IterableDataset):
        def __iter__(self):
            info = torch.utils.data.get_worker_info()
            return iter(range(info.id, 11, info.num_workers) if info and split else range(11))
    for size, drop_last in ((2, False), (4, True), (None, False)):
        assert (plain(list(DataLoader(Stream(11, split), size, num_workers=workers, drop_last=drop_last)))
                == plain(list(torch.utils.data.DataLoader(Lines(), size, num_workers=workers,
                                                          drop_last=drop_last))))


Point = namedtuple("Point", "x y")
SAMPLES = [1,
           1.5,
           True,
           "ab",
           b"ab",
           (1, 2.0),
           [1, 2.0],
           {"a": 1, "b": [2]},
           Point(1, 2.0),
           OrderedDict(a=1),
           defaultdict(int, a=1),
           range(2),
           ((1, (2,)),),
           np.float32(1),
           np.float64(1),
           np.int16(3),
           np.bool_(True),
           np.arange(3),
           np.ones((2, 1), "f4"),
           np.array("a"), np.array([None]), np.str_("a"), None, object(), {1, 2}, 1j, [], (), {}, [None]]


@pytest.mark.parametrize("sample", SAMPLES, ids=label)
@pytest.mark.parametrize("function", ["default_collate", "default_convert"])
def test_collate_beside_pytorch(torch, sample, function):
    found = []
    for m in (en.utils.data, torch.utils.data):
        try:
            found.append(getattr(m, function)([copy.deepcopy(sample)] * 2 if function == "default_collate"
                                              else copy.deepcopy(sample)))
        except Exception as problem: found.append(type(problem))
    assert type(found[0]) is type(found[1]) or "Tensor" in str(type(found[0]))
    assert plain(found[0]) == plain(found[1]) or not isinstance(found[0], (en.Tensor, list, dict, tuple))


@pytest.mark.parametrize("batch",
                         [[[1], [1, 2]],
                          [(1,), (1, 2)],
                          [{"a": 1}, {}],
                          [np.ones(2), np.ones(3)],
                          [1, "a"],
                          []], ids=repr)
def test_what_does_not_collate(torch, batch):
    with pytest.raises(Exception) as theirs: torch.utils.data.default_collate(batch)
    with pytest.raises(theirs.type): default_collate(batch)


@pytest.mark.parametrize("samples",
                         [[en.ones(2), en.ones(3)],
                          [np.ones(2), np.ones(3)],
                          [[1, 2], [1]],
                          [(en.ones(2), 0), (en.ones(3), 1)]], ids=["tensors", "arrays", "lists", "pairs"])
def test_what_is_of_unequal_size_wants_padding(samples):
    with pytest.raises(RuntimeError, match="equal size.*\n.*\n  Try: a collate_fn that pads"):
        next(iter(DataLoader(samples, 2)))


def test_tensors_of_unequal_shape(torch):
    for m, lib in ((en.utils.data, en), (torch.utils.data, torch)):
        with pytest.raises(RuntimeError, match="equal size"): m.default_collate([lib.ones(2), lib.ones(3)])


BAD = [
    "d.DataLoader(data, batch_size=0)",
    "d.DataLoader(data, batch_size=-1)",
    "d.DataLoader(data, batch_size=1.5)",
    "d.DataLoader(data, batch_size=True)",
    "d.DataLoader(data, shuffle=True, sampler=[0])",
    "d.DataLoader(data, 2, batch_sampler=[[0]])",
    "d.DataLoader(data, shuffle=True, batch_sampler=[[0]])",
    "d.DataLoader(data, sampler=[0], batch_sampler=[[0]])",
    "d.DataLoader(data, drop_last=True, batch_sampler=[[0]])",
    "d.DataLoader(data, None, drop_last=True)",
    "d.DataLoader(data, num_workers=-1)",
    "d.DataLoader(data, timeout=-1)",
    "next(iter(d.DataLoader(data, timeout=1)))",
    "d.DataLoader(data, prefetch_factor=2)",
    "d.DataLoader(data, num_workers=1, prefetch_factor=-1)",
    "d.DataLoader(data, persistent_workers=True)",
    "d.DataLoader([], shuffle=True)",
    "d.DataLoader(stream, shuffle=True)",
    "d.DataLoader(stream, sampler=[0])",
    "d.DataLoader(stream, batch_sampler=[[0]])",
    "d.DataLoader(stream, batch_size=0)",
    "len(d.DataLoader(stream))",
    "len(d.DataLoader(data, sampler=iter([0])))",
    "setattr(d.DataLoader(data), 'batch_size', 2)",
    "setattr(d.DataLoader(data), 'dataset', data)",
    "setattr(d.DataLoader(data), 'sampler', [0])",
    "d.DataLoader(data, num_workers=1, multiprocessing_context='nope', **processes)",
    "d.DataLoader(data, multiprocessing_context='spawn')",
    "list(d.DataLoader(data, sampler=[99]))",
    "list(d.DataLoader([None]))",
    "d.RandomSampler(data, replacement=1)",
    "d.RandomSampler(data, num_samples=0)",
    "d.RandomSampler(data, num_samples=1.5)",
    "d.RandomSampler([])",
    "d.WeightedRandomSampler([1, 2], 0)",
    "d.WeightedRandomSampler([1, 2], True)",
    "d.WeightedRandomSampler([1, 2], 1, replacement=1)",
    "d.WeightedRandomSampler([[1, 2]], 1)",
    "list(d.WeightedRandomSampler([1., math.nan], 2))",
    "list(d.WeightedRandomSampler([-1., 1.], 1))",
    "list(d.WeightedRandomSampler([0., 0.], 1))",
    "d.BatchSampler([0], 0, False)",
    "d.BatchSampler([0], True, False)",
    "d.BatchSampler([0], 1, 1)",
    "next(iter(d.Sampler()))",
    "d.Dataset()[0]",
    "len(d.Dataset())",
    "iter(d.IterableDataset())",
    "d.TensorDataset(m.zeros(2), m.zeros(3))",
    "d.TensorDataset(m.zeros(2))[2]",
    "d.ConcatDataset([])",
    "d.ConcatDataset([stream])",
    "d.ConcatDataset([data])[-99]",
    "d.ConcatDataset([data])[99]",
    "list(d.ChainDataset([data]))",
    "d.random_split(data, [1, 2])",
    "d.random_split(data, [1.5, -0.5])",
    "d.random_split(data, [0.5, 0.4])",
    "d.Subset(data, [0, 1])[2]",
    "type('S', (d.Subset,), {'__getitem__': lambda self, n: 1})(data, [0])",
]


@pytest.mark.parametrize("code", BAD)
def test_bad_input_beside_pytorch(torch, code):
    raised = []
    for m in (torch, en):
        d = m.utils.data
        class Lines(d.IterableDataset):
            def __iter__(self): return iter(range(3))
        with pytest.raises(Exception) as caught:
            eval(code,
                 {"math": math,
                  "m": m,
                  "d": d,
                  "data": d.TensorDataset(m.arange(5)),
                  "stream": Lines(),
                  "processes": {"workers": "processes"} if m is en else {}})
        raised.append(caught)
    assert issubclass(raised[1].type, raised[0].type), raised
    if ("edunets" in str(raised[1].traceback[-1].path)
        and not code.startswith(("len(", "iter(", "d.Subset(data"))):
        assert "Try: " in str(raised[1].value)


def test_parts_of_processes_are_pytorchs(torch):
    for n in (10, 9, 2, 1, 0):
        for count in (1, 2, 3, 4):
            for rank in range(count):
                for drop_last in (False, True):
                    if not n and not drop_last and count > 1: continue      # PyTorch divides by zero
                    ours, theirs = (
                            m.utils.data.DistributedSampler(range(n), count, rank, shuffle=False,
                                                            drop_last=drop_last) for m in (en, torch))
                    assert list(ours) == list(theirs) and len(ours) == len(theirs)
                    for name in ("num_samples", "total_size", "rank", "num_replicas", "epoch", "seed",
                                 "shuffle", "drop_last"):
                        assert getattr(ours, name) == getattr(theirs, name), name
    for arguments in ((range(3),), (range(3), 2), (range(3), 2, 2), (range(3), 2, -1)):
        for m in (en, torch):
            with pytest.raises(ValueError): m.utils.data.DistributedSampler(*arguments)


def test_parts_of_processes_are_shuffled_alike():
    parts = [en.utils.data.DistributedSampler(range(12), 3, rank, seed=5) for rank in range(3)]
    epochs = []
    for epoch in (0, 1, 0):
        for part in parts: part.set_epoch(epoch)
        epochs.append([list(part) for part in parts])
        assert sorted(n for part in epochs[-1] for n in part) == list(range(12))
    assert epochs[0] == epochs[2] != epochs[1]


def test_names_are_pytorchs(torch):
    for name in (name for name, value in vars(en.utils.data).items()
                 if not name.startswith("_") and not inspect.ismodule(value)):
        ours = getattr(en.utils.data, name)
        theirs = getattr(torch.utils.data, name, None) or getattr(torch.utils.data._utils.worker, name)
        assert ours is getattr(en.data, name)
        if (inspect.isclass(ours) and ours.__init__ is not object.__init__
            and "*args" not in str(inspect.signature(theirs)) and name != "WorkerInfo"):
            mine, them = ([p.name for p in inspect.signature(c).parameters.values()] for c in (ours, theirs))
            assert [p for p in mine if p != "workers"] == [p for p in them if p in mine], name


# What is no dataset, no option, no state

class Going:
    def __iter__(self): return iter(range(3))


class GoingSet(en.data.Dataset):
    def __iter__(self): return iter(range(3))


@pytest.mark.parametrize("thing",
                         [(n for n in range(3)),
                          io.StringIO("a\nb"),
                          Going(),
                          GoingSet(),
                          {1, 2},
                          map(int, "12")], ids=lambda thing: type(thing).__name__)
def test_what_has_no_numbers_is_told_to_be_a_stream(thing):
    with pytest.raises(TypeError, match=r"(?s)no sample number n|no len\(\).*Try: .*IterableDataset"):
        DataLoader(thing, 2)


def test_a_sampler_makes_up_for_a_missing_length():
    class Endless(en.data.Dataset):
        def __getitem__(self, n): return n
    with pytest.raises(TypeError, match="Try: write __len__$"): DataLoader(Endless(), 2)
    assert ([batch.tolist() for batch in DataLoader(Endless(), 2, sampler=[7, 8])] == [[7, 8]]
            and len(list(DataLoader(Endless(), batch_sampler=[[1], [2]]))) == 2)


def test_an_empty_dataset():
    assert list(DataLoader([], 2)) == []
    with pytest.raises(ValueError, match="(?s)num_samples=0.*the dataset is empty"):
        DataLoader([], 2, shuffle=True)


@pytest.mark.parametrize("options",
                         [dict(num_workers="2"),
                          dict(num_workers=1.5),
                          dict(timeout="1"),
                          dict(collate_fn=3),
                          dict(worker_init_fn="f"),
                          dict(generator=0),
                          dict(generator=np.random.default_rng(0))], ids=label)
def test_options_of_the_wrong_kind(options):
    with pytest.raises(TypeError, match=f"DataLoader got {next(iter(options))}=.*\n.*\n  Try: "):
        DataLoader([1, 2], **options)


@pytest.mark.parametrize(("said", "advice"),
                         [("process", "processes"), ("thread", "threads"), (None, "threads")])
def test_a_kind_of_worker_that_there_is_not(said, advice):
    with pytest.raises(ValueError, match=f"Try: workers='{advice}'"): DataLoader([1], workers=said)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("option", ["sampler", "batch_sampler"])
def test_an_iterator_serves_one_epoch(option, workers):
    loader = DataLoader(Numbers(3), num_workers=workers,
                        **{option: iter([0, 2] if option == "sampler" else [[0], [2]])})
    assert len(list(loader)) == 2
    with pytest.raises(RuntimeError, match="has no more numbers.*\n.*iterator"): list(loader)


# Datasets

@pytest.mark.parametrize("given", [(np.zeros(3),), (en.zeros(3), np.zeros(3)), ([1, 2],)],
                         ids=["array", "tensor and array", "list"])
def test_rows_of_tensors_only(given):
    with pytest.raises(TypeError,
                       match=r"(?s)takes tensors, but got (ndarray|list)\n.*Try: en.tensor\(array\)"):
        TensorDataset(*given)


def test_getitems_is_used_and_agrees():
    x, y = en.randn(10, 3), en.arange(10)
    whole = TensorDataset(x, y)
    part = Subset(Subset(whole, [9, 3, 4, 1]), [2, 0])
    assert plain(next(iter(DataLoader(part, 2)))) == plain(default_collate([whole[4], whole[9]]))
    called = []
    class Counted(TensorDataset):
        def __getitem__(self, n): called.append(n)
    assert len(list(DataLoader(Counted(x, y), 4))) == 3 and not called


def test_a_collate_function_gets_a_list_of_samples():
    for kept in (TensorDataset(en.arange(4), en.arange(4)), [(0, 0), (1, 1), (2, 2), (3, 3)]):
        loader = DataLoader(kept, 2, collate_fn=lambda samples: (type(samples), [int(n) for n, _ in samples]))
        assert list(loader) == [(list, [0, 1]), (list, [2, 3])]


def test_a_dataset_of_another_library_with_getitems():
    class Other:
        def __len__(self): return 4
        def __getitems__(self, indices): return [(n, str(n)) for n in indices]
    assert (plain(list(DataLoader(Other(), 4))) == plain([[en.arange(4), ["0", "1", "2", "3"]]])
            or plain(list(DataLoader(Other(), 4)))[1][2] == ["tuple", "0", "1", "2", "3"])


def test_random_split():
    for lengths, expected in (([7, 3], [7, 3]), ([0.5, 0.5], [5, 5]), ([1 / 3] * 3, [4, 3, 3]),
                              ([0.15, 0.85], [2, 8])):
        parts = random_split(range(10), lengths, seeded(1))
        assert ([len(part) for part in parts] == expected
                and sorted(n for part in parts for n in part) == list(range(10)))
    assert ([list(p) for p in random_split(range(10), [5, 5], seeded(1))]
            == [list(p) for p in random_split(range(10), [5, 5], seeded(1))]
            != [list(p) for p in random_split(range(10), [5, 5], seeded(2))])
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(range(3), [0.999, 0.001])


def test_sums_of_datasets():
    both = Numbers(3) + Numbers(2) + [7]
    assert (isinstance(both, ConcatDataset) and [both[n] for n in range(-6, 6)] == [0, 1, 2, 0, 1, 7] * 2
            and list(both) == [0, 1, 2, 0, 1, 7])
    assert isinstance(Stream(2) + Stream(3), ChainDataset) and list(Stream(2) + Stream(3)) == [0, 1, 0, 1, 2]


# Samplers

def test_a_random_order_is_even():
    "Each sample comes equally often at the first place, within what chance allows."
    counts = Counter(next(iter(RandomSampler(range(5), generator=g))) for g in map(seeded, range(1000)))
    assert all(abs(counts[n] - 200) < 5 * math.sqrt(160) for n in range(5))


def test_samplers():
    assert list(SequentialSampler("abc")) == [0, 1, 2] and len(RandomSampler("abc", num_samples=7)) == 7
    counts = Counter(RandomSampler("abc", num_samples=7, generator=seeded(0)))
    assert sorted(counts.values()) == [2, 2, 3]
    assert sorted(SubsetRandomSampler([5, 2, 9])) == [2, 5, 9]
    counts = Counter(WeightedRandomSampler([1, 0, 3], 4000, generator=seeded(0)))
    assert counts[1] == 0 and abs(counts[2] - 3000) < 5 * math.sqrt(750)
    assert sorted(WeightedRandomSampler([1, 5, 3], 3, replacement=False)) == [0, 1, 2]
    assert (list(BatchSampler(iter(range(5)), 2, False)) == [[0, 1], [2, 3], [4]]
            and list(BatchSampler(iter(range(5)), 2, True)) == [[0, 1], [2, 3]])


# The same batches, whoever makes them

@pytest.mark.parametrize("options", WORKERS.values(), ids=WORKERS)
def test_order_and_contents_do_not_hang_on_workers(options):
    "Three epochs, with a sampler and a dataset that draw random numbers, and other draws in between."
    def epochs(**options):
        en.manual_seed(5)
        loader, found = DataLoader(Noisy(20), 3, shuffle=True, **options), []
        for _ in range(3):
            for batch in loader: found.append(batch.tolist())
        return found, en.rand(2).tolist()
    expected, after = epochs()
    assert epochs(**options) == (expected, after) and len({str(batch) for batch in expected}) == 21


@pytest.mark.parametrize("options", WORKERS.values(), ids=WORKERS)
def test_every_kind_of_batch_comes_through(options):
    found = list(DataLoader(Mixed(5), 2, **options))
    assert plain(found) == plain([default_collate([Mixed(5)[n] for n in part])
                                  for part in ([0, 1], [2, 3], [4])])
    found[0]["x"].add_(1)      # memory of its own, that can be written
    assert list(DataLoader(Mixed(5), 2, collate_fn=len, **options)) == [2, 2, 1]


@pytest.mark.parametrize("options", WORKERS.values(), ids=WORKERS)
def test_epochs_of_streams(options):
    loader = DataLoader(Stream(7, split=True), 2, **options)
    for _ in range(2): assert sorted(n for batch in loader for n in batch.tolist()) == list(range(7))
    assert list(DataLoader(Stream(0), 2, **options)) == []


def test_what_others_draw_changes_nothing():
    def epochs(other):
        en.manual_seed(0)
        loader, found = DataLoader(Noisy(8), 2), []
        for batch in loader:
            if other: en.rand(3)
            found.append(batch.tolist())
        return found
    assert epochs(False) == epochs(True)


def test_an_epoch_is_one_draw():
    "Of the loader's generator, if it has one, else of the default one."
    for generator in (None, seeded(3)):
        source = generator or en.random.default_generator
        other = en.random.default_generator if generator else seeded(4)
        expected, untouched = source.clone_state(), other.get_state()
        expected.next_key()
        list(DataLoader(Noisy(5), 2, shuffle=True, generator=generator))
        assert (source.get_state() == expected.get_state()).all() and (other.get_state() == untouched).all()


def test_numpy_in_processes_is_seeded_with_the_batch():
    def contents(n):
        en.manual_seed(1)
        return [batch.tolist()
                for batch in DataLoader(Noisy(6, numpy=True), 2, num_workers=n, workers="processes")]
    before = np.random.get_state()[1].tolist()
    assert contents(1) == contents(2) and len(set(np.concatenate(contents(1)) % 1)) == 6
    assert np.random.get_state()[1].tolist() == before


def test_batches_are_made_ahead_but_not_too_far():
    made = []
    class Watched(Numbers):
        def __getitem__(self, n): return made.append(n) or n
    batches = iter(DataLoader(Watched(100), 1, num_workers=2, prefetch_factor=3))
    next(batches)
    end = time.monotonic() + 60
    while len(made) < 6 and time.monotonic() < end: time.sleep(0.005)
    time.sleep(0.1)
    assert len(made) == 6
    del batches
    assert none_left()


def test_a_thread_works_in_the_callers_modes():
    class Grad(Numbers):
        def __getitem__(self, n): return en.is_grad_enabled()
    for enabled in (True, False):
        with en.set_grad_enabled(enabled):
            assert all(batch.tolist() == [enabled] for batch in DataLoader(Grad(3), num_workers=2))


def test_a_process_has_the_default_dtype():
    en.set_default_dtype(en.float64)
    try:
        assert (list(DataLoader([0], collate_fn=datasets.kind_of, num_workers=1, workers="processes"))
                == ["edunets.float64"])
    finally: en.set_default_dtype(en.float32)


def test_workers_know_themselves():
    found = []
    list(DataLoader(Numbers(4), num_workers=2,
                    worker_init_fn=lambda n: found.append((n, en.data.get_worker_info()))))
    assert (sorted(n for n, _ in found) == [0, 1]
            and all(info.id == n and info.num_workers == 2 and len(info.dataset) == 4 for n, info in found)
            and len({info.seed for _, info in found}) == 2)
    assert en.data.get_worker_info() is None


# Where was I?

def loaders():
    x = TensorDataset(en.arange(10), en.arange(10.0))
    return {"shuffle": lambda: DataLoader(x, 3, shuffle=True),
            "own generator": lambda: DataLoader(x, 3, shuffle=True, generator=seeded(2)),
            "in order": lambda: DataLoader(x, 3),
            "weighted": lambda: DataLoader(x, 3, sampler=WeightedRandomSampler([1.0] * 10, 10)),
            "a sampler's generator": lambda: DataLoader(x, 3, sampler=RandomSampler(x, generator=seeded(2))),
            "batch sampler": lambda:
                DataLoader(x, batch_sampler=BatchSampler(RandomSampler(x, generator=seeded(2)), 4, True)),
            "one by one": lambda: DataLoader(Noisy(6), None, shuffle=True),
            "noisy": lambda: DataLoader(Noisy(10), 3, shuffle=True),
            "threads": lambda: DataLoader(Noisy(10), 3, shuffle=True, num_workers=2),
            "kept": lambda: DataLoader(Noisy(10), 3, shuffle=True, num_workers=2, persistent_workers=True),
            "stream": lambda: DataLoader(Stream(10), 3),
            "streams": lambda: DataLoader(Stream(10), 3, num_workers=2)}


@pytest.mark.parametrize("name", loaders())
def test_going_on_from_any_place(name):
    """A second loader, with the state of a first one by way of a file, gives what the first one still had
    to give, in this epoch and the next."""
    make = loaders()[name]
    en.manual_seed(4)
    one, start = make(), en.get_rng_state()
    expected = [[plain(batch) for batch in one] for _ in range(3)]
    for epoch, place in [(0, 0), (0, 1), (1, 0), (1, 2), (1, len(expected[1])), (2, 1)]:
        en.set_rng_state(start)
        one = make()
        for _ in range(epoch): list(one)
        batches = iter(one)
        for _ in range(place): next(batches)
        file, random_state = io.BytesIO(), en.get_rng_state()
        en.save(one.state_dict(), file)
        en.manual_seed(99)      # a new process
        two = make()
        two.load_state_dict(en.load(io.BytesIO(file.getvalue())))
        assert plain(two.state_dict()) == plain(one.state_dict())
        en.set_rng_state(random_state)
        assert [plain(batch) for batch in two] == expected[epoch][place:]
        for later in expected[epoch + 1:]: assert [plain(batch) for batch in two] == later


def test_between_epochs_there_is_no_place():
    loader = DataLoader(Numbers(3), 2)
    before = loader.state_dict()
    list(loader)
    assert plain(loader.state_dict()) == plain(before) == {"key": None,
                                                           "generators": ["list"],
                                                           "batches": 0,
                                                           "made_for": loader.made_for()}
    for batch in loader: break
    assert loader.state_dict()["batches"] == 1
    list(loader)
    assert loader.state_dict()["batches"] == 0


def test_a_state_of_another_loader_is_refused():
    state = DataLoader(Numbers(3), 2).state_dict()
    for other in (DataLoader(Numbers(4), 2), DataLoader(Numbers(3), 3),
                  DataLoader(Numbers(3), 2, generator=seeded(0)), DataLoader(Stream(3), 2),
                  DataLoader(Numbers(3), 2, shuffle=True), DataLoader(Numbers(3), 2, drop_last=True),
                  DataLoader(Numbers(3), batch_sampler=BatchSampler(range(3), 2, False))):
        with pytest.raises(ValueError, match="Try: the same dataset and options"):
            other.load_state_dict(state)
    for wrong in ({}, {"key": None, "batches": 0}):
        with pytest.raises(ValueError, match="no state of a loader: it lacks .*made_for"):
            DataLoader(Numbers(3), 2).load_state_dict(wrong)


# Errors come home

def raised(dataset, **options):
    with pytest.raises(Exception) as caught: list(DataLoader(dataset, 3, **options))
    assert none_left()
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("problem",
                         [ValueError("bad pixel"),
                          KeyError("name"),
                          FileNotFoundError(2, "no such file", "a.png"),
                          TimeoutError("none answers"),
                          datasets.Picky], ids=repr)
def test_errors_of_samples(problem, kind):
    alone, found = raised(Failing(problem)), raised(Failing(problem), num_workers=2, workers=kind)
    expected = RuntimeError if problem is datasets.Picky and kind == "processes" else type(alone)
    assert type(found) is expected and (found.args == alone.args or expected is RuntimeError)
    said = "".join(traceback.format_exception(found))
    assert ("Raised by sample 5 of the dataset." in said and "While making the batch of [3, 4, 5]." in said
            and f"in DataLoader worker {METHODS[kind]} 1." in said)
    assert "datasets.py" in said and "in __getitem__" in said
    assert "Raised by sample 5 of the dataset." in alone.__notes__


@pytest.mark.parametrize("options", [{}, dict(num_workers=1)], ids=str)
def test_a_sample_does_not_end_the_epoch(options):
    "PyTorch's loader, without workers, takes a StopIteration of a sample for the end of the data."
    assert type(raised(Failing(StopIteration()), **options)) is RuntimeError


@pytest.mark.parametrize("kind", KINDS)
def test_errors_at_the_beginning(kind):
    found = raised(Numbers(5), num_workers=2, workers=kind, worker_init_fn=datasets.fail_to_begin)
    assert isinstance(found, LookupError) and "has no file" in str(found)


def test_a_process_that_dies():
    found = raised(Failing(None), num_workers=2, workers="processes")
    assert (isinstance(found, RuntimeError) and "exited unexpectedly" in str(found)
            and "exit code is 3" in str(found) and "test_data.py" in str(found))
    assert "its task was [3, 4, 5]" in str(found) and "__main__" not in str(found)


def test_what_can_not_be_sent():
    class Local(Numbers): pass
    found = raised(Local(5), num_workers=1, workers="processes")
    assert isinstance(found, (AttributeError, TypeError)) or "Pickl" in type(found).__name__
    assert ("can't be sent" in str(found) and "workers='threads'" in str(found)
            and "test_data.py" in str(found))
    assert list(DataLoader(Local(2), num_workers=1))      # threads have no need to


def test_the_part_that_can_not_be_sent_is_named():
    local = lambda *_: None
    with open(os.devnull) as file:
        for part, options in (("the dataset", dict(dataset=datasets.Failing(file))),
                              ("collate_fn", dict(dataset=Numbers(5), collate_fn=local)),
                              ("worker_init_fn", dict(dataset=Numbers(5), worker_init_fn=local))):
            found = str(raised(**options, num_workers=1, workers="processes"))
            assert (found.startswith(f"{part} can't be sent to a worker process")
                    and ("Try: open it in __getitem__" in found) == (part == "the dataset"))


def test_timeout():
    asked, answered, answer = [], [], threading.Event()
    class Waiting(Numbers):
        def __getitem__(self, n): return asked.append(n), answer.wait(60), answered.append(n)
    with pytest.raises(RuntimeError, match="timed out after 0.05 seconds"):
        list(DataLoader(Waiting(4), 3, num_workers=1, timeout=0.05))
    assert asked == [0] and answered == []      # nobody waited for the answer
    answer.set()
    assert none_left()
    assert len(list(DataLoader(Sleepy(2, 0.01), num_workers=1, timeout=60))) == 2


# Workers go

@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left(kind):
    options = dict(num_workers=2, workers=kind)
    for batch in DataLoader(Numbers(100), 2, **options): break
    assert none_left()
    try:
        for batch in DataLoader(Numbers(100), 2, **options): raise LookupError
    except LookupError: pass
    assert none_left()
    assert len(list(DataLoader(Numbers(5), 2, **options))) == 3 and none_left()
    iter(DataLoader(Numbers(5), 2, **options))
    assert none_left()


@pytest.mark.parametrize("kind", KINDS)
def test_kept_workers_go_with_their_loader(kind):
    loader = DataLoader(Numbers(10), 2, num_workers=2, workers=kind, persistent_workers=True)
    for batch in loader: break
    before = {t.name for t in started()}
    assert [batch.tolist() for batch in loader] == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert {t.name for t in started()} == before and before
    del loader, batch
    assert none_left()


@pytest.mark.parametrize("kind", KINDS)
def test_leaving_does_not_wait(kind, tmp_path):
    "For the samples that were asked for ahead; a thread finishes the one in hand."
    begun = tmp_path / "begun"
    begun.touch()
    for batch in DataLoader(Noted(100, begun), 1, num_workers=2, workers=kind, prefetch_factor=20): break
    before = begun.stat().st_size
    assert none_left() and begun.stat().st_size <= before + 2 < 40


def test_a_batch_is_not_kept():
    "When the loop has gone on, and the loader waits, nobody holds the last batch."
    for options in ({}, dict(num_workers=1, prefetch_factor=1)):
        alive = []
        for batch in DataLoader(TensorDataset(en.zeros(6, 1000)), 2, **options):
            alive.append(weakref.ref(batch[0].payload))
            del batch
        gc.collect()
        assert none_left() and [ref() is None for ref in alive] == [True] * 3


INTERRUPTED = """
import multiprocessing
from edunets.data import DataLoader
from datasets import Sleepy
try:
    for batch in DataLoader(Sleepy(100, 30, first=2), 1, num_workers=2, workers="{kind}"): print(batch.item(), flush=True)
except KeyboardInterrupt: print(multiprocessing.active_children())
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{book.ROOT}{os.pathsep}{book.ROOT / 'tests'}"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signal to a group of processes")
@pytest.mark.parametrize("kind", KINDS)
def test_interrupt(kind):
    "Ctrl-C reaches all processes of the group at once, and all of them end at once, without a word."
    running = subprocess.Popen([sys.executable, "-c", INTERRUPTED.format(kind=kind)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, start_new_session=True, env=ENVIRONMENT)
    assert [running.stdout.readline() for _ in range(2)] == ["0\n", "1\n"]
    os.killpg(running.pid, signal.SIGINT)
    assert running.communicate(timeout=20) == ("[]\n", "")


ORPHANS = """
import os, time
from edunets.data import DataLoader, Dataset
class Numbers(Dataset):
    def __len__(self): return 4
    def __getitem__(self, n):
        if n > 1: time.sleep({sleep})
        return os.getpid()
if __name__ == "__main__":
    batches = iter(DataLoader(Numbers(), num_workers=2, workers="processes", prefetch_factor={ahead}, multiprocessing_context="{kind}"))
    print(next(batches).item(), next(batches).item(), flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9")
@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("kind", [kind for kind in multiprocessing.get_all_start_methods()])
def test_workers_end_when_their_parent_is_killed(kind, busy, tmp_path):
    "Idle or in the middle of a sample: the pipe of their output ends when nobody has it any more."
    (tmp_path
     / "train.py").write_text(ORPHANS.format(kind=kind, sleep=600 if busy else 0, ahead=3 if busy else 1))
    running = subprocess.Popen([sys.executable, tmp_path / "train.py"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert len(running.stdout.readline().split()) == 2
    running.kill()
    _, said = running.communicate(timeout=60)
    assert "Traceback" not in said


def test_a_script_without_a_guard_is_told_so(tmp_path):
    (tmp_path
     / "train.py").write_text("from edunets.data import DataLoader\nfrom datasets import Numbers\nfor batch "
                              "in DataLoader(Numbers(3), num_workers=1, workers='processes'): pass\n")
    done = subprocess.run([sys.executable, tmp_path / "train.py"], capture_output=True, text=True, timeout=60,
                          env=ENVIRONMENT)
    assert (done.returncode == 1 and "Try: if __name__ == '__main__':" in done.stderr
            and "train.py:3" in done.stderr)


def test_pinned_memory_is_not_promised():
    with pytest.warns(UserWarning, match="no accelerator"): list(DataLoader(Numbers(2), pin_memory=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(DataLoader(Numbers(2)))


# Names and samples that PyTorch's users bring

def test_collate_by_a_map():
    from edunets.utils.data._utils.collate import collate, default_collate_fn_map
    class Box:
        def __init__(self, x): self.x = x
    class Small(Box): pass
    def boxes(batch, *, collate_fn_map):
        return Box(collate([box.x for box in batch], collate_fn_map=collate_fn_map))
    with pytest.raises(TypeError, match="found .*Box"): data.default_collate([Box(1)])
    default_collate_fn_map[Box] = boxes
    try:
        assert data.default_collate([{"a": Box(1)}, {"a": Small(2)}])["a"].x.tolist() == [1, 2]
        assert [box.x.tolist() for box in DataLoader([Box(1), Box(2)], 2, num_workers=1)] == [[1, 2]]
    finally: del default_collate_fn_map[Box]
    def sums(batch, *, collate_fn_map): return sum(batch)
    rows = TensorDataset(en.arange(4.0), en.arange(4))
    own = DataLoader(rows, 2, collate_fn=lambda batch: collate(batch, collate_fn_map={en.Tensor: sums}))
    assert [[x.item() for x in batch] for batch in own] == [[1, 1], [5, 5]]
    assert (collate([1, 2], collate_fn_map={int: lambda batch, *, collate_fn_map: "whole numbers"})
            == "whole numbers")


@pytest.mark.parametrize("kind", KINDS)
def test_batches_as_they_are_ready(kind):
    loader = DataLoader(Sleepy(8, 0.7, first=0, last=1), 1, num_workers=2, workers=kind, in_order=False)
    for _ in range(2):
        found = [batch.item() for batch in loader]
        assert sorted(found) == list(range(8)) and found[0] != 0, found
    assert loader.state_dict() is None
    assert [batch.item() for batch in DataLoader(range(3), in_order=False)] == [0, 1, 2]


def test_stacked_datasets():
    rows = TensorDataset(en.arange(4.0))
    for stack, other in ((data.StackDataset(range(4), rows), tuple),
                         (data.StackDataset(n=range(4), x=rows), dict)):
        assert (len(stack) == 4 and type(stack[-1]) is other
                and list(stack.__getitems__([2, 0]))[0] == stack[2])
    assert ([batch["n"].tolist() for batch in DataLoader(data.StackDataset(n=range(4), x=rows), 3)]
            == [[0, 1, 2], [3]])
    class Few(data.Dataset):
        def __len__(self): return 4
        def __getitems__(self, numbers): return [0]
    with pytest.raises(ValueError, match="Expected 2, got 1"): data.StackDataset(Few()).__getitems__([0, 1])
    for wrong in (lambda: data.StackDataset(), lambda: data.StackDataset(range(2), x=range(2)),
                  lambda: data.StackDataset(range(2), range(3))):
        with pytest.raises(ValueError, match="Why: at"): wrong()


def test_arrays_of_the_other_byte_order_and_of_read_only_memory():
    from edunets.tensors import tell_read_only
    other = np.arange(3, dtype=np.dtype("i4").newbyteorder("S"))
    for read in (en.from_numpy, en.as_tensor, en.tensor, data.default_convert,
                 lambda a: data.default_collate([a]), lambda a: data.default_collate([a[0, ...]])):
        with pytest.raises(ValueError, match="byte order.*\n.*dtype is [<>]i4"): read(other)
    packed = np.zeros(5, [("a", "u1"), ("b", "<f4")])["b"]      # each element five bytes after the one before
    for read in (en.from_numpy, en.as_tensor):
        with pytest.raises(ValueError, match="strides not a multiple"): read(packed)
    fixed = np.arange(3.0)
    fixed.flags.writeable = False
    tell_read_only.cache_clear()
    with pytest.warns(UserWarning, match="not writable") as told: x = en.from_numpy(fixed)
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (en.from_numpy(fixed), en.tensor(fixed), data.default_convert(fixed),
         data.default_collate([fixed, fixed]))
    with pytest.raises(RuntimeError, match="read-only"): x.add_(1)


def test_odd_numbers_of_a_sampler():
    rows = TensorDataset(en.arange(8.0))
    for workers in (0, 2):
        def found(sampler):
            return [x.tolist() for x, in DataLoader(rows, 2, sampler=sampler, num_workers=workers)]
        assert (found([np.int64(3), en.tensor(4), -1]) == [[3, 4], [7]]
                and found([[0, 1], [2, 3]]) == [[[0, 1], [2, 3]]])
        for wrong, kind in (([1.5], (TypeError, IndexError)), (["a"], (TypeError, IndexError)),
                            ([0, 99], IndexError),
                            ([2**70], (IndexError, OverflowError, TypeError, RuntimeError, ValueError))):
            with pytest.raises(kind) as told: found(wrong)
            assert "threading.py" not in str(told.value)


def test_a_tensor_does_not_collate_with_an_array(torch):
    for m in (torch, en):
        with pytest.raises(TypeError, match="expected Tensor as element 1 in argument 0, but got"):
            m.utils.data.default_collate([m.zeros(2), np.zeros(2)])
