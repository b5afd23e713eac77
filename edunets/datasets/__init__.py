"Data sets that ship with the package."
from edunets.datasets.digits_data import load_digits
