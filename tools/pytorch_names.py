"""The names that PyTorch has, for the errors that say so: edunets/pytorch_names.txt.

    python tools/pytorch_names.py    write it (needs PyTorch)

A line for each namespace: where, then the names. What edunets has of them is found out when an error is made, so a name that is added here needs no change there.
"""
import importlib
import types

import book

FILE = book.ROOT / "edunets" / "pytorch_names.txt"
PLACES = ["", "Tensor", "nn", "nn.functional", "nn.init", "nn.utils", "optim", "optim.lr_scheduler", "linalg",
          "special", "autograd", "autograd.profiler", "cuda", "accelerator", "backends", "testing",
          "utils.data", "profiler", "xpu"]


def is_public(name, value):
    """Whether a name is PyTorch's own: no module, class or typing help that its file happened to import."""
    if name.startswith("_"):
        return False
    home = (value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
            or "torch")
    return home.split(".")[0] == "torch"


def names(place):
    """The public names of a namespace of PyTorch."""
    path = place.split(".")
    found = importlib.import_module("torch")
    for part in filter(None, path):
        if not hasattr(found, part):
            importlib.import_module(f"{found.__name__}.{part}")
        found = getattr(found, part)
    return sorted(name for name in dir(found) if is_public(name, getattr(found, name, None)))


def text():
    """The file."""
    return "".join(f"{place or 'torch'}: {' '.join(names(place))}\n" for place in PLACES)


if __name__ == "__main__":
    FILE.write_text(text())
