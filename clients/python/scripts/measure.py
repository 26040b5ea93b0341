"""Measures the client on a store of many artifacts, each way in a process of its own.

    python clients/python/scripts/measure.py                      the client, and pages by hand
    python clients/python/scripts/measure.py --sdk FOLDER         the Kubeflow Metadata SDK's `Workspace.list` too
    python clients/python/scripts/measure.py --mlflow PYTHON      MLflow's `search_runs` on as many runs too

FOLDER is where `pip install --no-deps --target FOLDER kubeflow-metadata==0.3.1 retrying` has put the SDK; PYTHON is one
that has mlflow. Seconds are those of the one call, memory is what the process grew by at most while it was under way.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "clients/python/src")]

WATCH = """
import resource, sys, time
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def tell(before, start, rows):
    print(f"{rows} {time.perf_counter() - start:.2f} {peak() - before:.0f}")
"""
IMPORTS = (
    "from lineageql_client import Client, metadata; import pandas, httpx; client = Client(sys.argv[1], timeout=300)\n"
)
WARM = "client.artifacts(limit=10).to_pandas(); before, start = peak(), time.perf_counter()\n"
WAYS = {
    "`client.artifacts().to_pandas()`": IMPORTS
    + WARM
    + "frame = client.artifacts().to_pandas(); tell(before, start, len(frame))",
    "`client.artifacts().to_arrow()`": IMPORTS
    + "client.artifacts(limit=10).to_arrow()\n"
    + WARM
    + "frame = client.artifacts().to_arrow(); tell(before, start, frame.num_rows)",
    "`to_pandas` of six columns": IMPORTS
    + WARM
    + "frame = client.artifacts().to_pandas(['mlmd_id', 'name', 'uri', 'labels', 'create_time', 'workspace'])\n"
    + "tell(before, start, len(frame))",
    "pages by hand, all columns kept": IMPORTS
    + WARM
    + """
from lineageql_client.pages import PageReader
document = client.artifacts()._reader.request(1000, "x").document
rows, after = [], None
while True:
    page = client.query(document, first=1000, after=after)["artifacts"]
    rows += [edge["node"] for edge in page["edges"]]
    after = page["pageInfo"]["endCursor"]
    if not page["pageInfo"]["hasNextPage"]:
        break
frame = pandas.json_normalize(rows); tell(before, start, len(frame))
""",
}
SDK = """
from kubeflow.metadata import metadata
workspace = metadata.Workspace(metadata.Store(sys.argv[1], int(sys.argv[2])), sys.argv[3])
before, start = peak(), time.perf_counter()
rows = workspace.list(sys.argv[4]); tell(before, start, len(rows))
"""
OURS = """
from lineageql_client import metadata
workspace = metadata.Workspace(metadata.Store(sys.argv[1], timeout=300), sys.argv[3])
before, start = peak(), time.perf_counter()
rows = workspace.list(sys.argv[4]); tell(before, start, len(rows))
"""
MLFLOW_FILL = """
import mlflow
from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlParam, SqlRun, SqlTag
from mlflow.tracking._tracking_service.utils import _get_store
mlflow.set_tracking_uri(sys.argv[1])
experiment = int(mlflow.MlflowClient().create_experiment("measured"))
now, count = int(time.time() * 1000), int(sys.argv[2])
def run(n):
    return dict(run_uuid=f"{n:032x}", name=f"run-{n}", source_type="LOCAL", source_name="", entry_point_name="",
        user_id="u", status="FINISHED", start_time=now, end_time=now, source_version="", lifecycle_stage="active",
        artifact_uri=f"s3://x/{n}", experiment_id=experiment)
def metric(n):
    return dict(run_uuid=f"{n:032x}", key="accuracy", value=n / count, timestamp=now, step=0, is_nan=False)
def pairs(n, keys):
    return [dict(run_uuid=f"{n:032x}", key=key, value=str(n % 7)) for key in keys]
with _get_store().ManagedSessionMaker() as session:
    for start in range(0, count, 2000):
        some = range(start, min(start + 2000, count))
        session.bulk_insert_mappings(SqlRun, [run(n) for n in some])
        session.bulk_insert_mappings(SqlLatestMetric, [metric(n) for n in some])
        session.bulk_insert_mappings(SqlParam, [row for n in some for row in pairs(n, ("rate", "depth"))])
        session.bulk_insert_mappings(SqlTag, [row for n in some for row in pairs(n, ("team", "stage"))])
print(count)
"""
MLFLOW = """
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.search_runs(search_all_experiments=True, max_results=10)
before, start = peak(), time.perf_counter()
frame = mlflow.search_runs(search_all_experiments=True, max_results=int(sys.argv[2])); tell(before, start, len(frame))
"""


def run(python: str, code: str, *arguments: str, path: str = "") -> str:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "clients/python/src"), path])}
    command = [python, "-W", "ignore", "-c", WATCH + code, *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1] if done.returncode == 0 else f"failed: {done.stderr.strip()[-300:]}"


def line(way: str, found: str) -> None:
    parts = found.split()
    shown = f"{int(parts[0]):,} | {parts[1]} | {parts[2]}" if len(parts) == 3 else f"{found} | |"
    print(f"| {way} | {shown} |", flush=True)


def main() -> None:
    from tests.bench.building import stored
    from tests.mlmd_server import MLMDServer
    from tests.server import Server

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=100_000, help="artifacts (default %(default)s)")
    parser.add_argument("--folder", type=Path, help="where the store is kept between runs")
    parser.add_argument("--sdk", help="the folder with the SDK")
    parser.add_argument("--mlflow", help="a Python with mlflow")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        store = stored(folder, given.size).path
        print("| way | rows | seconds | MB more at most |\n| --- | ---: | ---: | ---: |")
        server = Server("serve", str(store), "--port", "0", cwd=folder)
        try:
            for way, code in WAYS.items():
                line(way, run(sys.executable, code, server.url))
            from lineageql_client import Client

            client = Client(server.url, timeout=300)
            workspace = client.workspaces(limit=1).all()[0].name
            type_ = max(client.artifact_facets("TYPE", workspace=workspace), key=lambda facet: facet.count).value
            line("`Workspace.list` of the client", run(sys.executable, OURS, server.url, "", workspace, type_))
        finally:
            server.stop()
        if given.sdk:
            mlmd = MLMDServer(store, "--kubeflow-types")
            try:
                found = run(sys.executable, SDK, mlmd.host, str(mlmd.port), workspace, type_, path=given.sdk)
                line("`Workspace.list` of the SDK", found)
            finally:
                mlmd.stop()
        if given.mlflow:
            database = f"sqlite:///{temporary}/mlflow.db"
            made = run(given.mlflow, MLFLOW_FILL, database, str(given.size))
            if made.startswith("failed"):
                print(made)
            line("`mlflow.search_runs`", run(given.mlflow, MLFLOW, database, str(given.size)))


if __name__ == "__main__":
    main()
