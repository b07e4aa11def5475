"""`python -m watcher`, and the installed `watcher`: a quick start, and a quick end."""

import gc
import os
import sys

# Importing makes a hundred thousand objects that stay: the collector finds nothing among them. `main` lets it work.
gc.disable()
# We have no plugins for pydantic, and looking for some takes longer than reading rules.yaml.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from watcher.cli import main  # noqa: E402


def run() -> None:
    """Run the command line, and end without taking the interpreter apart, which takes a tenth of a quiet poll."""
    status: object = 0
    try:
        main()
    except SystemExit as done:
        status = done.code
    try:
        if isinstance(status, str):
            sys.stderr.write(f"{status}\n")
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        pass  # the reader of our output went away: that is no error
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    run()
