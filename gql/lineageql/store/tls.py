"""TLS to PostgreSQL, by the options of its URLs."""

from __future__ import annotations

import ssl

from lineageql.errors import UsageError
from lineageql.store.addresses import ServerAddress

_VERIFYING = ("verify-ca", "verify-full")
_ENCRYPTING = ("require", *_VERIFYING)
_LOOSE = ("allow", "prefer")


def tls_of(address: ServerAddress) -> ssl.SSLContext | str | bool:
    """How a connection is encrypted: by a context, as far as the server likes, or not.

    Certificates are checked by `sslrootcert`, without one by those that this machine trusts.

    Raises:
        UsageError: an option is wrong, or a file of a certificate cannot be read.
    """
    options = address.options
    mode = options.get("sslmode", "prefer")
    if mode == "disable":
        return False
    if mode in _LOOSE:
        return mode
    if mode not in _ENCRYPTING:
        known = ", ".join(("disable", *_LOOSE, *_ENCRYPTING))
        raise UsageError(f"sslmode of {address} is {mode!r}; it takes one of {known}")
    root = options.get("sslrootcert")
    try:
        context = ssl.create_default_context(cafile=root)
        context.check_hostname = mode == "verify-full"
        if mode not in _VERIFYING and root is None:
            context.verify_mode = ssl.CERT_NONE
        if "sslcert" in options:
            context.load_cert_chain(options["sslcert"], options.get("sslkey"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"a certificate or key for {address} cannot be read: {reason}") from None
    return context
