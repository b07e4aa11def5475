#!/bin/sh
# `watcher` for the administrator: the service's own configuration, secrets and database. Install it as
# /usr/local/bin/watcher; then `watcher status`, `watcher outbox list`, `watcher backup FILE` mean the service.
exec env STATE_DIRECTORY=/var/lib/watcher CREDENTIALS_DIRECTORY=/etc/watcher \
  WATCHER_CONFIG="${WATCHER_CONFIG:-/etc/watcher/rules.yaml}" /opt/watcher/bin/watcher "$@"
