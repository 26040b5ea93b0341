"""Every setting, in one table.

A field of `Settings` is a setting: its default, its help and its bounds stand
with it. Flags (`--page-size`), environment names (`LINEAGEQL_PAGE_SIZE`) and
the table in the documentation are derived from here. A flag wins over the
environment, the environment over the default. The environment is read once,
by `Settings.load`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from lineageql.errors import UsageError

PREFIX = "LINEAGEQL_"
LOG_LEVELS = ("critical", "error", "warning", "info", "debug")
_SERVICE_LINK = re.compile(r"LINEAGEQL(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_\w+|(?P<port>PORT))")


def _setting(
    default: Any,
    help: str,
    *,
    minimum: int | None = None,
    maximum: int | None = None,
    choices: tuple[str, ...] = (),
    secret: bool = False,
) -> Any:
    """A row of the table; a secret is shown nowhere, and is no flag, as every user of a machine sees these."""
    metadata = {"help": help, "minimum": minimum, "maximum": maximum, "choices": choices, "secret": secret}
    return field(default=default, repr=not secret, metadata=metadata)


def _port(default: int | None, help: str) -> Any:
    return _setting(default, f"{help}; 0 takes a free one", minimum=0, maximum=65535)


@dataclass(frozen=True)
class Settings:
    """The service's settings, checked. Times are in seconds, sizes in bytes."""

    store: str = _setting("sqlite:///lineage.db", "URL of the store, or the path of an SQLite file")
    read_store: str = _setting("", "URL of a replica of the store's database that queries read, and mutations do not")
    read_store_fallback: bool = _setting(False, "have queries read the store itself while that replica is away")
    store_password: str = _setting("", "password of the store's database, where its URL holds none", secret=True)
    store_password_file: str = _setting("", "file that holds that password")
    store_connections: int = _setting(10, "connections to a database server that read", minimum=1, maximum=1000)
    store_timeout: int = _setting(
        5,
        "seconds to wait for a database server to let a connection in, and to answer what takes it no time",
        minimum=1,
    )
    grpc_ca_file: str = _setting("", "PEM file of the authorities that vouch for a grpcs:// store")
    grpc_certificate_file: str = _setting("", "PEM file of the certificate that a grpcs:// store is shown")
    grpc_key_file: str = _setting("", "PEM file of that certificate's key")
    grpc_token: str = _setting("", "bearer token for a grpc:// or grpcs:// store", secret=True)
    grpc_token_file: str = _setting("", "file that holds that token, read again every half minute")
    types: str = _setting("", "TOML file that maps types of your own to kinds, and says where their fields stand")
    policy: str = _setting("", "TOML file that says who may do what, read again when it changes")
    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _port(8000, "TCP port to listen on")
    allowed_hosts: str = _setting(
        "",
        "names that the service answers under besides IP addresses and this machine's own, such as "
        "`lineage.example.org,*.internal.example.org`; `*` answers under any",
    )
    cors_origins: str = _setting(
        "",
        "origins whose pages may ask from a browser, such as `https://dash.example.org,https://b.example.org:8443`; "
        "`*` for any needs --persisted-documents require, or --insecure",
    )
    auth_tokens: str = _setting(
        "", "TOML file of the bearer tokens that are taken, read again when it changes; `lineageql token` makes them"
    )
    auth_issuer: str = _setting("", "URL of an OIDC issuer whose tokens are taken, as they name it in `iss`")
    auth_audience: str = _setting("", "what names this service in `aud` of the issuer's tokens")
    auth_jwks: str = _setting("", "URL or file of the issuer's keys, where its own document is not to say it")
    auth_name_claim: str = _setting("email", "claim of the issuer's tokens that names the caller")
    auth_groups_claim: str = _setting("groups", "claim of the issuer's tokens that lists the caller's groups")
    auth_user_header: str = _setting(
        "", "header in which a proxy names the caller whom it has found out, such as `kubeflow-userid`"
    )
    auth_groups_header: str = _setting("", "header in which it names the caller's groups, with commas between them")
    auth_trusted_proxies: str = _setting(
        "", "addresses and networks of these proxies, such as `10.1.0.0/16`; from others the headers are refused"
    )
    insecure: bool = _setting(
        False, "listen on an address of a network though nobody is asked who they are, where others keep strangers away"
    )
    mlmd_port: int | None = _port(None, "TCP port for MLMD's own gRPC service beside it, which is off without one")
    mlmd_tls_cert: str = _setting("", "PEM file of the certificate, and those between, that MLMD's service shows")
    mlmd_tls_key: str = _setting("", "PEM file of that certificate's key; both are read again when they change")
    mlmd_workers: int = _setting(
        4,
        "worker processes of MLMD's gRPC service over a database server, at most; over SQLite one",
        minimum=1,
        maximum=64,
    )
    workers: int = _setting(
        1, "processes that serve on one socket, each with the limits of these settings", minimum=1, maximum=64
    )
    read_only: bool = _setting(False, "refuse every mutation and open the store for reading only")
    create: bool = _setting(False, "make the store where there is none yet")
    explorer: bool = _setting(True, "serve the explorer to browsers at /")
    graphiql: bool = _setting(True, "serve GraphiQL to browsers at /graphql")
    persisted_documents: str = _setting(
        "off",
        "documents by hash or name: off, accept (and texts too), or require (nothing but those of --documents)",
        choices=("off", "accept", "require"),
    )
    documents: str = _setting("", "folder of the documents that are known by hash and name, in the shape of queries/")
    max_registered_documents: int = _setting(
        8_388_608, "bytes of the documents that clients register by hash, with --persisted-documents accept", minimum=0
    )
    page_size: int = _setting(50, "rows of a connection when neither first nor last is given", minimum=1)
    max_page_size: int = _setting(1000, "the most rows that first or last may ask for", minimum=1)
    lineage_nodes: int = _setting(10_000, "nodes of a lineage when maxNodes is not given", minimum=1)
    max_lineage_nodes: int = _setting(200_000, "the most nodes that maxNodes may ask for", minimum=1)
    explain: bool = _setting(False, "tell clients that ask for it what was read for their operation, its SQL included")
    deadline: int = _setting(30, "seconds that one operation may take", minimum=1)
    max_concurrent: int = _setting(
        64, "queries that run at a time, and as many mutations; of SQL servers --store-connections read", minimum=1
    )
    max_waiting: int = _setting(
        256, "queries that wait for that, and as many mutations; any more are refused with status 503", minimum=0
    )
    max_depth: int = _setting(24, "how deep the selections of a query may nest", minimum=1)
    max_cost: int = _setting(
        2_000_000, "nodes and events that one operation may read, a read of the store counting as 20", minimum=1
    )
    max_answer_size: int = _setting(134_217_728, "bytes in the answer to one operation, about", minimum=1)
    show_cost: bool = _setting(
        False, "tell with every answer what it cost, not only where the header GraphQL-Cost asks for it"
    )
    max_fields: int = _setting(
        20_000, "fields in one operation, those of fragments wherever they are spread", minimum=1
    )
    max_tokens: int = _setting(10_000, "lexical tokens in one GraphQL document", minimum=1)
    max_body_size: int = _setting(8_388_608, "bytes in one HTTP request body", minimum=1)
    max_filter_terms: int = _setting(2_000, "terms in one filter, each value of a list being one", minimum=1)
    max_input_objects: int = _setting(50_000, "input objects in the variables of one operation", minimum=1)
    max_recorded_nodes: int = _setting(5_000, "executions, inputs and outputs that one mutation may record", minimum=1)
    max_head_size: int = _setting(65_536, "bytes in the head of one HTTP request, its URL included", minimum=1024)
    max_body_memory: int = _setting(
        134_217_728, "bytes of request bodies of more than 64 KiB that are being received at a time", minimum=1
    )
    max_unsent_size: int = _setting(
        134_217_728, "bytes of answers that their clients have not taken, all together", minimum=1
    )
    head_timeout: int = _setting(10, "seconds in which the head of a request must have come", minimum=1)
    body_timeout: int = _setting(60, "seconds in which the body of a request must have come after its head", minimum=1)
    send_timeout: int = _setting(
        30, "seconds in which a client must take some of its answer, 4 KiB a second at least", minimum=1
    )
    idle_timeout: int = _setting(75, "seconds that a connection stays open without a request", minimum=1)
    max_connections: int = _setting(2_000, "connections that are open at a time", minimum=1)
    max_client_connections: int = _setting(
        500,
        "connections that one client's address may have open; behind a proxy, which is one address, as many as "
        "max_connections",
        minimum=1,
    )
    reader_threads: int = _setting(
        4, "threads that read an SQLite store, each with a connection", minimum=1, maximum=64
    )
    scan_limit: int = _setting(
        100_000, "rows that one operation may look at where MLMD's service cannot look up what is asked", minimum=1
    )
    lock_timeout: int = _setting(5, "seconds to wait for a locked SQLite file", minimum=0)
    metrics: bool = _setting(True, "tell metrics in Prometheus' form at /metrics")
    metrics_port: int | None = _port(None, "TCP port of its own for /metrics, in the place of the service's")
    audit_log: str = _setting(
        "", "file that who records what is appended to, a JSON object a line; - for standard output"
    )
    traces_endpoint: str = _setting(
        "", "URL to which OpenTelemetry's traces are sent by OTLP over HTTP, such as http://collector:4318/v1/traces"
    )
    log_format: str = _setting(
        "text", "text, or json: an object a line, with a line for each operation", choices=("text", "json")
    )
    log_level: str = _setting("info", "critical, error, warning, info or debug", choices=LOG_LEVELS)

    @classmethod
    def load(cls, flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings from flags, then the environment, then the defaults.

        Args:
            flags: values by field name; None stands for a flag that was not given.
            environ: environment variables; `os.environ` when None.

        Raises:
            UsageError: a value has the wrong type or is out of bounds, or a
                variable with the prefix `LINEAGEQL_` is none of the settings.
        """
        variables = {
            name: value
            for name, value in (os.environ if environ is None else environ).items()
            if not _is_service_link(name, value)
        }
        values: dict[str, Any] = {}
        for row in fields(cls):
            name = variable(row)
            if name in variables:
                values[row.name] = _parse(row, variables[name], name)
        known = {variable(row) for row in fields(cls)}
        for name in variables:
            if name.startswith(PREFIX) and name not in known:
                raise UsageError(f"environment variable {name} is none of the settings; see `lineageql serve --help`")
        for row in fields(cls):
            given = (flags or {}).get(row.name)
            if given is not None:
                values[row.name] = _parse(row, given, flag(row))
        settings = cls(**values)
        for size, bound in (("page_size", "max_page_size"), ("lineage_nodes", "max_lineage_nodes")):
            if getattr(settings, size) > getattr(settings, bound):
                raise UsageError(f"{size} is {getattr(settings, size)}, above {bound} {getattr(settings, bound)}")
        settings._check_documents()
        return settings

    @property
    def serves_explorer(self) -> bool:
        """Whether there is the explorer: it makes up its documents, so it cannot be where only known ones are run."""
        return self.explorer and self.persisted_documents != "require"

    @property
    def serves_graphiql(self) -> bool:
        """Whether there is GraphiQL, in which people write documents of their own."""
        return self.graphiql and self.persisted_documents != "require"

    def _check_documents(self) -> None:
        if self.persisted_documents == "require" and not self.documents:
            raise UsageError("--persisted-documents require needs --documents, the folder of those that may be run")
        if self.persisted_documents == "off" and self.documents:
            raise UsageError("--documents is for --persisted-documents accept or require, and these are off")


def _is_service_link(name: str, value: str) -> bool:
    # Kubernetes tells each pod of a Service `lineageql` or `lineageql-mlmd` by variables that look like settings.
    found = _SERVICE_LINK.fullmatch(name)
    return found is not None and (found["port"] is None or "://" in value)


def secret(row: Field[Any]) -> bool:
    """Whether a setting is one that only the environment may hold."""
    return bool(row.metadata["secret"])


def flag(row: Field[Any]) -> str:
    """The flag of a setting: `max_depth` is `--max-depth`."""
    return "--" + row.name.replace("_", "-")


def default_of(row: Field[Any]) -> str:
    """The default of a setting, as it is shown."""
    if row.default is None or row.default == "":
        return "none"
    return str(row.default).lower() if isinstance(row.default, bool) else str(row.default)


def variable(row: Field[Any]) -> str:
    """The environment variable of a setting: `max_depth` is `LINEAGEQL_MAX_DEPTH`."""
    return PREFIX + row.name.upper()


_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _parse(row: Field[Any], given: Any, source: str) -> Any:
    if isinstance(row.default, bool):
        value = _BOOLEANS.get(str(given).strip().lower())
        if value is None:
            raise UsageError(f"{source} is {given!r}; it takes true or false")
        return value
    if row.metadata["minimum"] is not None:
        try:
            number = int(str(given).strip())
        except ValueError:
            raise UsageError(f"{source} is {given!r}; it takes a whole number") from None
        low, high = row.metadata["minimum"], row.metadata["maximum"]
        if number < low:
            raise UsageError(f"{source} is {number}; the least is {low}")
        if high is not None and number > high:
            raise UsageError(f"{source} is {number}; the most is {high}")
        return number
    text = str(given)
    if not text and row.default == "":
        return text
    choices = row.metadata["choices"]
    if choices and text not in choices:
        raise UsageError(f"{source} is {text!r}; it takes one of {', '.join(choices)}")
    if not text:
        raise UsageError(f"{source} is empty")
    return text


def table() -> str:
    """The settings as a Markdown table, as it stands in the documentation."""
    head = ("| flag | environment | default | what it does |", "| --- | --- | --- | --- |")
    return "\n".join((*head, *map(_row, fields(Settings)))) + "\n"


def _row(row: Field[Any]) -> str:
    named = "none" if secret(row) else f"`{flag(row)}`"
    shown = default_of(row)
    return f"| {named} | `{variable(row)}` | {'' if shown == 'none' else f'`{shown}`'} | {row.metadata['help']} |"
