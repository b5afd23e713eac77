"""Run every chapter, render the site, say where to open it: `make book`.

    python tools/make_book.py                run all chapters, then render
    python tools/make_book.py --execute 0    render the stored outputs
    python tools/make_book.py --jobs 1       one chapter after the other
"""
import argparse
import shutil
import sys

import execute
import site_build


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--execute", choices=["0", "1"], default="1")
    parser.add_argument("--jobs", type=int, default=execute.cores())
    options = parser.parse_args()
    execute.stage()
    failures = execute.run_all(jobs=options.jobs) if options.execute == "1" else []
    print("rendering the pages", flush=True)
    page = site_build.build()
    print(f"\nThe book is ready. Open it in a browser:\n  {page.as_uri()}")
    if shutil.which("quarto"):
        print(f"Quarto's search needs a server:\n  python3 -m http.server --directory {page.parent}")
    if failures:
        sys.exit("\nNot all chapters ran to their end; the pages of these show stored outputs:\n\n"
                 + "\n\n".join(map(str, failures))
                 + "\n\n`make book EXECUTE=0` renders all pages from the stored outputs, "
                   "without running them.")


if __name__ == "__main__":
    main()
