"The op families: the rows and names beyond those that the chapters build."
from edunets.ops import elementwise, layout, reductions, indexing, sorting, contraction, windows
