# One image for every process of the service: audience worker, audience flower, audience sandbox.
# What it holds is pinned: the base by its version, every package by the hashes of two locks (`make lock`).
FROM python:3.13.7-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# What others wrote comes first: it changes seldom, and its layer is kept.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/audience \
 && /opt/audience/bin/pip install --require-hashes -r requirements.lock \
 && pip install --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY workers workers
COPY sandbox sandbox
COPY audience_client audience_client
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && /opt/audience/bin/pip install --no-deps --no-index /wheel/*.whl \
 && /opt/audience/bin/pip uninstall --yes pip

FROM python:3.13.7-slim-bookworm
RUN groupadd --system --gid 10001 audience \
 && useradd --system --uid 10001 --gid audience --no-create-home --home-dir /tmp audience
COPY --from=build /opt/audience /opt/audience
ENV PATH=/opt/audience/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
ENTRYPOINT ["audience"]
CMD ["worker"]
