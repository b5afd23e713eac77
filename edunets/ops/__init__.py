"The op families: the rows and names beyond those that the chapters build."
from edunets.ops import (elementwise, layout, reductions, indexing, sorting, contraction, linear_algebra, windows,
                         distributions, in_place)
