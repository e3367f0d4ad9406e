#!/bin/sh
# A BinAuth program: groups of people with a name and a password each, and a time for each group.
#
# The list lies beside this file and belongs to root alone (mode 0600). A line is NAME SECONDS PASSWORD; 0 seconds is the time that
# holds for everybody. What a client wrote is only ever compared: as it was written, from the environment, never run and never decoded.

set -eu
[ "${1-}" = auth_client ] || exit 0

while read -r name seconds password; do
  case $name in '' | '#'*) continue ;; esac
  if [ "${GATEHOUSE_USERNAME-}" = "$name" ] && [ "${GATEHOUSE_PASSWORD-}" = "$password" ]; then
    echo "$seconds 0 0"
    exit 0
  fi
done < "${0%/*}/binauth-groups.list"
exit 1
