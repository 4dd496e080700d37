# Two stages of the same base: the second gets the finished environment, and neither pip nor a build tool with it.
FROM python:3.12-slim AS build

ENV PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/shiftwire
WORKDIR /opt/shiftwire/app

# With the client libraries of all sinks. Everything is pinned by hash, and nothing is compiled here. A layer of its own: it changes with the lock file only.
COPY requirements-sinks.lock ./
RUN /opt/shiftwire/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
      --only-binary :all: --require-hashes -r requirements-sinks.lock \
 && /opt/shiftwire/bin/python -m pip uninstall --yes pip

# The code runs from its folders, as in a checkout: a path entry and a launcher make the command.
COPY .ci/link.py .ci/
COPY service service
COPY workers workers
COPY simulator simulator
RUN /opt/shiftwire/bin/python .ci/link.py \
 && /opt/shiftwire/bin/python -m compileall -q /opt/shiftwire

FROM python:3.12-slim

# pip of the base image: whoever breaks in finds no installer.
RUN python -m pip uninstall --yes --root-user-action ignore pip \
 && install -d -o 10001 -g 10001 /var/lib/shiftwire
COPY --from=build /opt/shiftwire /opt/shiftwire

# Nothing is written outside /tmp and the working folder, where `shiftwire run` keeps its own Redis.
ENV PATH=/opt/shiftwire/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /var/lib/shiftwire
USER 10001:10001
EXPOSE 8080 9090
ENTRYPOINT ["shiftwire"]
CMD ["--help"]
