"""The samples of the op families, a file each:

    ROWS         sample inputs for rows, as in samples.py
    NAMES        sample calls for functions, as in test_names.py
    METHODS      sample calls for what is only a method
    DIFFERENCES  where PyTorch differs, and why
    MODULES      cases for layers, as in modules.py; MODULE_DIFFERENCES as above
"""
import importlib
import pkgutil


def collected(what):
    "One of the above from all families together; no name twice."
    modules = [importlib.import_module(f"families.{found.name}") for found in pkgutil.iter_modules(__path__)]
    parts = [getattr(module, what) for module in modules if hasattr(module, what)]
    if what.endswith("DIFFERENCES"):
        return [entry for part in parts for entry in part]
    merged = {name: sample for part in parts for name, sample in part.items()}
    assert len(merged) == sum(map(len, parts)), f"a name has {what} in two families"
    return merged
