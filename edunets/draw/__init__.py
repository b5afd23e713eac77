"Pictures of tensors and of the tape, as SVG, and results as tables."
from edunets.draw import memory, results, tape
from edunets.draw.memory import Picture, compare, storage
from edunets.draw.results import Table, table
from edunets.draw.tape import graph, layered
