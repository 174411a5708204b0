"""The process under the disk layer: commits rows and says so, one number a line.

Arguments: database, synchronous mode, first number, raw key ("" for none). Never ends by itself.
"""

from __future__ import annotations

import os
import sys

import sqlcipher3


def main() -> None:
    path, synchronous, first, key = sys.argv[1:]
    database = sqlcipher3.connect(path, isolation_level=None)
    if key:
        database.execute(f'PRAGMA key = "{key}"')
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(f"PRAGMA synchronous = {synchronous}")
    database.execute("PRAGMA wal_autocheckpoint = 12")  # often, so that kills meet checkpoints
    database.execute("CREATE TABLE IF NOT EXISTS step (number INTEGER PRIMARY KEY, note TEXT)")
    number = int(first)
    while True:
        database.execute("INSERT INTO step VALUES (?, ?)", (number, f"步骤 {number} " * 40))
        os.write(1, b"%d\n" % number)
        number += 1


if __name__ == "__main__":
    main()
