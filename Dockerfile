# One image for every process of the service: audience worker, audience flower, audience sandbox.
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY workers workers
COPY sandbox sandbox
COPY audience_client audience_client
RUN python -m venv /opt/audience && /opt/audience/bin/pip install --no-cache-dir .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --create-home audience
COPY --from=build /opt/audience /opt/audience
ENV PATH=/opt/audience/bin:$PATH PYTHONUNBUFFERED=1
USER audience
ENTRYPOINT ["audience"]
CMD ["worker"]
