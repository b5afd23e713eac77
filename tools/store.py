"""Write the outputs of the last run (_build/book) back into nbs/. For authors: `make outputs`."""
import shutil

import book
import execute

for path in book.notebooks():
    book.write(book.ROOT / path, book.read(book.STAGE / path))
shutil.copy(book.STAGE.parent / "seconds.json", execute.SECONDS)
