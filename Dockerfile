# The service, for any MLMD store: see "In a container" in README.md. `scripts/try-dockerfile` tries it without an engine.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/build.txt requirements/run.txt requirements/
RUN python -m venv /opt/build \
 && python -m venv --without-pip /opt/lineageql
ENV PATH=/opt/build/bin:$PATH
RUN pip install --only-binary :all: --require-hashes -r requirements/build.txt \
 && pip --python /opt/lineageql/bin/python install --only-binary :all: --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY queries queries
COPY gql gql
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && pip --python /opt/lineageql/bin/python install --no-deps dist/*.whl

FROM python:3.11-slim
LABEL org.opencontainers.image.title="lineageql" \
      org.opencontainers.image.description="A GraphQL lineage query service over ML Metadata (MLMD)" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/lineageql /opt/lineageql
# /data is all that the service writes to: the root file system may be read-only.
RUN mkdir /data && chown 65532:65532 /data
# It listens on the network, so it starts with a choice alone: LINEAGEQL_AUTH_TOKENS and the like, or LINEAGEQL_INSECURE=true.
ENV PATH=/opt/lineageql/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LINEAGEQL_HOST=0.0.0.0
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8000
# No proxy, whatever http_proxy says: the service is in this container.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:' + os.environ.get('LINEAGEQL_PORT', '8000') + '/healthz', timeout=4)"]
ENTRYPOINT ["lineageql"]
CMD ["serve", "--create", "sqlite:////data/lineage.db"]
