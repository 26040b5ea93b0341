"""`make bench`: LineageQL beside ml-metadata, each doing the same from Python on the same store.

::

    python -m tests.bench                        every row, on 100,000 artifacts
    python -m tests.bench --artifacts 1000000    the same on a million, which takes minutes and gigabytes to build
    python -m tests.bench --row closure --json   one row, as JSON
    python -m tests.bench --backend mariadb      on a server that it starts, fills and ends: LineageQL over that
                                                 backend beside ml-metadata over the same; `all` is each in turn

`pipelines` says what the store holds, `building` writes it, `rows` is the table of what is measured: a row is
a GraphQL operation and the ml-metadata calls that answer the same. `child` runs one side of one row in a
process of its own, `measuring` starts these processes and compares their answers, `report` prints. `backends`
is the table of what serves the store, and `copying` fills a database server with it.

A new row is an operation in `operations`, a job in `jobs` and a line in `rows`; a new backend is a row in
`backends`.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".bench"
"""Where stores are kept, and what is fetched."""
