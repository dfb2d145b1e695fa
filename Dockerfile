# An archive in one volume, kept by a user without rights:
#   docker build -t digest .
#   docker run --rm -v arxiv:/archive digest init . --no-git --contact you@example.org
#   docker run --rm -v arxiv:/archive digest
FROM python:3.12-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/digest && /opt/digest/bin/pip install --no-cache-dir ".[notify]"

FROM python:3.12-slim-bookworm
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 --user-group digest \
    && install -d -o digest -g digest /archive
COPY --from=build /opt/digest /opt/digest
ENV PATH=/opt/digest/bin:$PATH \
    DIGEST_CONFIG=/archive/config.toml \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /archive
VOLUME /archive
# Its exit code is 4 while a listing is overdue, 2 while no archive was set up.
HEALTHCHECK --interval=1h --timeout=1m --start-period=5m CMD ["digest", "-q", "status"]
ENTRYPOINT ["digest"]
CMD ["run"]
