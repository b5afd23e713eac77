"""Write the outputs of the last run (_build/book) back into nbs/. For authors: `make outputs`."""
import book

for path in book.notebooks():
    book.write(book.ROOT / path, book.read(book.STAGE / path))
