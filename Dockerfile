# The application alone: web, worker or any other command of `pooling`. See compose.yaml.
FROM python:3.13-slim

WORKDIR /app
ENV PYTHONPATH=/app/src \
    PYTHONUNBUFFERED=1 \
    POOLING_DATA_DIR=/data

COPY requirements.lock ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock

COPY pyproject.toml ./
COPY migrations/ migrations/
COPY config/ config/
COPY src/ src/
RUN python -m compileall -q src migrations \
    && useradd --system --uid 10001 --no-create-home pooling \
    && install --directory --owner=pooling /data

USER pooling
EXPOSE 8000
ENTRYPOINT ["python", "-m", "pooling"]
CMD ["serve", "--host", "0.0.0.0"]
