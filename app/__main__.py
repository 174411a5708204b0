"""`python -m app`: the command line, wired.

Until a command begins, Ctrl-C ends the process as the system does it: Python would raise inside
whatever is being imported, where the exception can get lost. `app.cli.guard` takes it back.
"""

import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from app.main import main

        main()
    except KeyboardInterrupt:  # Ctrl-C after a command has ended
        sys.exit(130)
