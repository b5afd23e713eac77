"""The prose of the book as plain text: edunets/datasets/book.txt, to train language models on.

    python tools/corpus.py    write it anew

The file is a snapshot: it stays as it is while the chapters change, so that examples go on giving the same numbers.
Left out: code, tables, sentences with formulas, figures, HTML, and the folded solutions. Headings and lists stay, each on a line of its own.
"""
import re
import unicodedata

import book

TARGET = book.ROOT / "edunets" / "datasets" / "book.txt"
FENCES = re.compile(r"^```.*?^```\s*?$", re.DOTALL | re.MULTILINE)
FOLDED = re.compile(r'^::: \{[^}]*collapse="true".*?^:::\s*?$', re.DOTALL | re.MULTILINE)
FORMULAS = re.compile(r"\$\$.*?\$\$(?: *\{#[\w-]+\})?|\$[^$\n]+\$", re.DOTALL)
LABEL = re.compile(r"^#+ (.*?) *\{#([\w-]+)\}$", re.MULTILINE)
PLAIN = str.maketrans({"–": "-", "—": "-", "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"', "×": "x",
                       "→": "->", "≤": "<=", "≥": ">=", "−": "-", "·": "*", "\u00a0": " "})


def without_marks(line, titles):
    """A line of Markdown as it is read aloud."""
    line = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line)                                     # links
    line = re.sub(r" ?\((?:see )?@[\w-]+(?:[,;] @[\w-]+)*\)", "", line)                      # (@sec-x)
    line = re.sub(r" *\{#[\w-]+\}$", "", re.sub(r"^#+ ", "", line))
    # every second one is code, which stays as it is
    parts = re.split(r"(`+[^`]+`+)", line)
    parts[::2] = [re.sub(r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)|</?\w[^>]*>", "", part)
                  for part in parts[::2]]
    parts[::2] = [re.sub(r"@([a-z]+-[\w-]*\w)",
                         lambda m: f'"{titles[m[1]]}"' if m[1] in titles else "the figure", part)
                  for part in parts[::2]]
    return "".join(part.strip("`") if n % 2 else part for n, part in enumerate(parts))


def sentences(line):
    """A line without the sentences that hold a formula, which stands as $ here."""
    return " ".join(sentence for sentence in re.split(r"(?<=[.?!:;]) ", line) if "$" not in sentence)


def prose(source, titles):
    """The text of a Markdown cell."""
    for part in (FOLDED, FENCES): source = part.sub("", source)
    source = FORMULAS.sub("$", source)
    lines = [line for line in source.splitlines() if not re.match(r"\s*(\||:::|<|!\[)", line)]
    return "\n".join(without_marks(sentences(line), titles) for line in lines)


def ascii_of(text):
    return unicodedata.normalize("NFKD", text.translate(PLAIN)).encode("ascii", "ignore").decode()


def corpus(root=book.ROOT):
    """The whole text, chapter after chapter."""
    cells = ["".join(cell["source"]) for path in book.chapters(root)
             for cell in book.read(root / path)["cells"] if cell["cell_type"] == "markdown"]
    titles = {label: without_marks(title, {}) for cell in cells for title, label in LABEL.findall(cell)}
    text = ascii_of("\n\n".join(prose(cell, titles) for cell in cells))
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


if __name__ == "__main__":
    text = corpus()
    TARGET.write_text(text, encoding="ascii")
    print(f"{len(text):,} characters, {len(set(text))} of them different, {len(text.split()):,} words")
