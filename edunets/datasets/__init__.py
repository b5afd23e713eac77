"Data sets that ship with the package, and those that it downloads, under the names of `torchvision.datasets`."
from edunets.datasets.digits_data import load_digits
from edunets.datasets.images import CIFAR10, MNIST, FashionMNIST
from edunets.datasets.book_text import load_book
