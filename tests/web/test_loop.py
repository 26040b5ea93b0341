import subprocess
import sys

# A service that made garbage in circles and never collected it would grow for ever.
COLLECTS = """
import gc, weakref
from lineageql.__main__ import main
from lineageql import cli
from lineageql.web.loop import run

class Node:
    pass

async def serve():
    node = Node()
    node.itself = node
    known = weakref.ref(node)
    del node
    kept = []
    while known() is not None and len(kept) < 1_000_000:
        kept.append([])
    print("collected" if known() is None else "kept")

cli.main = lambda: run(serve())
main()
"""


def test_garbage_is_collected_once_a_loop_runs() -> None:
    done = subprocess.run([sys.executable, "-c", COLLECTS], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("collected\n", "")
