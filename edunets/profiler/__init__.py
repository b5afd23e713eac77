"Where time and memory go: what each row costs, and what this machine can do."
from edunets.profiler.cost import Cost, cost_of
