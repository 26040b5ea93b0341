"""A Galera cluster of the tests' own: nodes of MariaDB, each of which takes what is written."""

from __future__ import annotations

import shutil
import signal
import socket
from pathlib import Path

from tests.servers import free_port, missing
from tests.servers.mariadb import MariaDB

_PROVIDERS = ("/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so")


def provider() -> str:
    """The path of Galera's library; without it the test is skipped."""
    found = next((path for path in _PROVIDERS if Path(path).exists()), None)
    if found is None:
        missing("there is no Galera here (Debian: apt-get install galera-4)")
        raise AssertionError
    return found


class Node(MariaDB):
    """A node; it joins those whose addresses it is given, and begins a cluster where there are none."""

    def __init__(self) -> None:
        self._provider = provider()
        self.gossip = _free_pair()
        self.others: list[Node] = []
        super().__init__()

    def start(self, *options: str) -> None:
        addresses = ",".join(f"127.0.0.1:{node.gossip}" for node in self.others)
        super().start(
            "--wsrep-on=ON",
            f"--wsrep-provider={self._provider}",
            f"--wsrep-cluster-address=gcomm://{addresses}",
            "--wsrep-cluster-name=lineageql-tests",
            f"--wsrep-node-address=127.0.0.1:{self.gossip}",
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address=127.0.0.1:{self.gossip + 2}",
            f"--wsrep-provider-options=base_port={self.gossip};gmcast.listen_addr=tcp://127.0.0.1:{self.gossip};"
            f"ist.recv_addr=127.0.0.1:{self.gossip + 1};gcache.size=16M;"
            "evs.suspect_timeout=PT4S;evs.inactive_timeout=PT8S;evs.install_timeout=PT4S",
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
            *options,
        )

    def _answers(self) -> bool:
        return "Synced" in self._run("SHOW STATUS LIKE 'wsrep_local_state_comment'").stdout.decode()


class _Joining(Node):
    """A node with a copy of another's data, which is stopped: it need not be sent any."""

    def __init__(self, first: Node) -> None:
        self._first = first
        super().__init__()

    def install(self) -> None:
        shutil.copytree(self._first.folder / "data", self.folder / "data")
        for folder in (self.folder, self.folder / "data"):
            # The rsync that hands over what was written since is another user's where this is root's.
            folder.chmod(0o777)

    def start(self, *options: str) -> None:
        """Waits until the cluster has begun."""

    def _make_user(self) -> None:
        """It has those of the first."""

    def join(self) -> None:
        super().start()


def _free_pair() -> int:
    """A free port whose successor is free too."""
    while True:
        port = free_port()
        with socket.socket() as other:
            try:
                other.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


class Galera:
    """A cluster of nodes."""

    def __init__(self, count: int) -> None:
        first = Node()
        self.nodes: list[Node] = [first]
        try:
            first.stop(signal.SIGTERM)
            joining = [_Joining(first) for _ in range(count - 1)]
            self.nodes += joining
            first.start()
            for node in joining:
                node.others = [other for other in self.nodes if other is not node]
                node.join()
            # A node that is started again joins the others.
            first.others = list(joining)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for node in reversed(self.nodes):
            node.close()
