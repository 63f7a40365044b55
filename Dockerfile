# MetaDash as a container: `docker build -t metadash .`, then `docker compose up` (docker-compose.yml), or
# `docker run --read-only --tmpfs /tmp -p 127.0.0.1:8501:8501 -v metadash:/workspace metadash`.
FROM python:3.12-slim AS built
WORKDIR /src
COPY requirements.txt requirements-auth.txt pyproject.toml README.md LICENSE CHANGELOG.md CITATION.cff app.py ./
COPY .streamlit/config.toml .streamlit/config.toml
COPY pages pages
COPY metadash metadash
# The pins of requirements.txt, in an environment of its own that the second stage takes over; TORCH names an index with a CPU build.
ARG TORCH=""
RUN python -m venv /opt/metadash \
 && /opt/metadash/bin/pip install --no-cache-dir ${TORCH:+--extra-index-url "$TORCH"} -r requirements.txt -r requirements-auth.txt \
 && /opt/metadash/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim
COPY --from=built /opt/metadash /opt/metadash
# Nobody's account owns the workspace, which is a volume, and nothing else.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin metadash \
 && mkdir /workspace && chown metadash:metadash /workspace
USER metadash
ENV PATH=/opt/metadash/bin:$PATH METADASH_WORKSPACE=/workspace HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /tmp
VOLUME /workspace
EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"
CMD ["metadash", "serve", "--address", "0.0.0.0", "--port", "8501"]
