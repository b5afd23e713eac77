"`python -m edunets`: the command `edunets`."
import sys

from edunets.backends.machine import main

if __name__ == "__main__": sys.exit(main())
