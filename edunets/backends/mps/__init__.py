"Whether there is a GPU of Apple's."
from edunets.backends.metal import is_available, is_built
