"""Datasets for test_data.py. A worker process imports this module, so it brings neither pytest nor
PyTorch."""
import math
import os
import time

import numpy as np

import edunets as en
from edunets.data import Dataset, IterableDataset, get_worker_info


class Numbers(Dataset):
    def __init__(self, n): self.n = n
    def __len__(self): return self.n
    def __getitem__(self, n): return n


class Noisy(Numbers):
    "Samples with random numbers in them; those of NumPy only where asked for."
    def __init__(self, n, numpy=False): self.n, self.numpy = n, numpy
    def __getitem__(self, n): return n + (np.random.rand() if self.numpy else en.rand(()).item())


class Mixed(Numbers):
    "Samples of many kinds."
    def __getitem__(self, n):
        return {"x": en.full((2, 3), float(n)),
                "n": n,
                "name": str(n),
                "pair": (n / 2, [n > 1]),
                "array": np.arange(n, n + 2),
                "empty": en.zeros(0)}


class Stream(IterableDataset):
    "The numbers below n; `split` among the workers, if asked for."
    def __init__(self, n, split=False): self.n, self.split = n, split
    def __iter__(self):
        info = get_worker_info()
        return iter(range(info.id, self.n, info.num_workers) if info and self.split else range(self.n))


class Picky(Exception):
    "An error that can't be unpickled: it wants two arguments."
    def __init__(self, one, two): super().__init__(f"{one} and {two}")


class Failing(Numbers):
    "Sample 5 raises what it was given; None ends the process."
    def __init__(self, problem, n=12): self.problem, self.n = problem, n
    def __getitem__(self, n):
        if n != 5: return n
        if self.problem is None: os._exit(3)
        raise Picky("this", "that") if self.problem is Picky else self.problem


class Sleepy(Numbers):
    "From a sample on, up to another, each takes its time."
    def __init__(self, n, seconds, first=0, last=math.inf):
        self.n, self.seconds, self.first, self.last = n, seconds, first, last
    def __getitem__(self, n):
        if self.first <= n < self.last: time.sleep(self.seconds)
        return n


class Noted(Sleepy):
    "A byte in a file for each sample that is begun; all but the first take their time."
    def __init__(self, n, path): super().__init__(n, 0.2, first=1); self.path = path
    def __getitem__(self, n):
        with open(self.path, "ab") as file: file.write(b".")
        return super().__getitem__(n)


def twice(samples): return [2 * n for n in samples]
def kind_of(samples): return str(en.get_default_dtype())
def fail_to_begin(worker): raise LookupError(f"worker {worker} has no file")
