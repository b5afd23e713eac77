"Whether there is a GPU of Apple's."
from edunets.process import never as is_available
from edunets.process import never as is_built
