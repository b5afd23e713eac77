"""The book as files: its order (from _quarto.yml) and its notebooks."""
import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
# a copy of the book's sources: cells run here, pages are rendered from here
STAGE = ROOT / "_build" / "book"
SITE = ROOT / "_build" / "site"
INDEX = "nbs/index.ipynb"            # README.md is made from it, and it is the first page


def parts(root=ROOT):
    """[(part title or None, [chapter path, ...]), ...] in the order of _quarto.yml."""
    config = yaml.safe_load((root / "_quarto.yml").read_text())["book"]
    found = []
    for entry in config["chapters"] + config.get("appendices", []):
        if isinstance(entry, dict):
            found.append((entry["part"], entry["chapters"]))
        elif found and found[-1][0] is None:
            found[-1][1].append(entry)
        else:
            found.append((None, [entry]))
    return found


def chapters(root=ROOT):
    """The chapters that are notebooks, in order."""
    return [path for _, paths in parts(root) for path in paths if path.endswith(".ipynb")]


def notebooks(root=ROOT):
    """All notebooks that run: the index last, for it shows what the newest chapter has."""
    return chapters(root) + [INDEX]


def code(nb):
    """All the code of a notebook, as one text."""
    return "\n".join("".join(cell["source"]) for cell in nb["cells"] if cell["cell_type"] == "code")


def measures(nb):
    """Does it take times? Then it runs alone."""
    return re.search(r"\b(perf_counter|timeit|benchmarks|Shootout)\b", code(nb)) is not None


def trains(nb):
    """Does it take steps along gradients? Then another processor's last digits may lead it elsewhere."""
    return re.search(r"\.step\(|\.fit\(|-= .*\.grad\b", code(nb)) is not None


def read(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write(path, nb):
    """Written as nbdev_clean writes it, so that a diff shows only what changed."""
    Path(path).write_text(json.dumps(nb, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
                          encoding="utf-8")
