"Pictures of tensors and of the tape, as SVG."
from edunets.draw import memory, tape
from edunets.draw.memory import Picture, compare, storage
from edunets.draw.tape import graph, layered
