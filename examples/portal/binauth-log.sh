#!/bin/sh
# A BinAuth program that lets everybody in and writes a log: one line for each event, in a folder that only its owner can read.
#
# What clients wrote stays percent-encoded, so that it can neither end a line nor steer a terminal; passwords are left out. At one
# megabyte the log becomes portal.log.1, and the one before is gone.

set -eu
umask 077
log=/var/log/gatehouse/portal.log
most=1000000

mkdir -p "${log%/*}"
if [ -f "$log" ] && [ "$(wc -c < "$log")" -gt "$most" ]; then mv -f "$log" "$log.1"; fi
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)

if [ "$1" = auth_client ]; then
  printf '%s %s mac=%s ip=%s user=%s redir=%s agent=%s\n' "$now" "$1" "$2" "$7" "$3" "$5" "$6" >> "$log"
  echo 0 0 0
else
  printf '%s %s mac=%s received=%s sent=%s start=%s end=%s\n' "$now" "$1" "$2" "$3" "$4" "$5" "$6" >> "$log"
fi
