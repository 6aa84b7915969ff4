# The application alone: web, worker or any other command of `pooling`. See compose.yaml.
#   docker build --build-arg VERSION=0.1.0 --build-arg REVISION=$(git rev-parse HEAD) --tag pooling .
# One base, of one version: raise it with each release of Python 3.13, whose image brings Debian's security updates.
FROM python:3.13.11-slim-trixie AS base

# What is installed and compiled here leaves without what it took to do so.
FROM base AS built
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv --without-pip /opt/pooling \
    && pip --python /opt/pooling/bin/python install --no-cache-dir --no-deps --only-binary :all: \
    --require-hashes -r requirements.lock
COPY pyproject.toml LICENSE ./
COPY migrations/ migrations/
COPY config/ config/
COPY src/ src/
RUN python -m compileall -q src migrations

FROM base
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="pooling" \
    org.opencontainers.image.description="Pooled purchasing between public authorities: from declared needs to who pays what, to the cent." \
    org.opencontainers.image.licenses="EUPL-1.2" \
    org.opencontainers.image.source="https://pooling.example/source" \
    org.opencontainers.image.documentation="https://pooling.example/docs" \
    org.opencontainers.image.base.name="docker.io/library/python:3.13.11-slim-trixie" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
ENV PATH=/opt/pooling/bin:$PATH \
    PYTHONPATH=/app/src \
    PYTHONUNBUFFERED=1 \
    POOLING_DATA_DIR=/data
# Nothing in it installs anything.
RUN pip uninstall --yes --quiet --root-user-action=ignore pip \
    && rm -r /usr/local/lib/python3.13/ensurepip \
    && useradd --system --uid 10001 --no-create-home pooling \
    && install --directory --owner=pooling /data
COPY --from=built /opt/pooling /opt/pooling
COPY --from=built /app /app

USER 10001
EXPOSE 8000
ENTRYPOINT ["python", "-m", "pooling"]
CMD ["serve", "--host", "0.0.0.0"]
