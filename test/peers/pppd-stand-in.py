#!/usr/bin/env python3
"""Stands in for pppd where the kernel has none: writes down how it was started, then joins its line to a Unix socket behind which a pppd is.

usage: pppd-stand-in.py RECORD SOCKET [pppd's own arguments]; ends with the line, or with the socket.
"""
import json
import os
import select
import socket
import sys
import termios

record, path, *arguments = sys.argv[1:]
modes = termios.tcgetattr(0)
facts = {
    "arguments": arguments,
    "terminals": [os.ttyname(number) if os.isatty(number) else None for number in (0, 1, 2)],
    "files": sorted(int(name) for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")),
    "controlling": os.tcgetpgrp(os.open("/dev/tty", os.O_RDWR)) == os.getpid(),
    "leader": os.getsid(0) == os.getpid(),
    "echo": bool(modes[3] & termios.ECHO),
    "canonical": bool(modes[3] & termios.ICANON),
    "translates": bool(modes[0] & termios.ICRNL or modes[1] & termios.OPOST),
    "environment": dict(os.environ),
}
with open(record, "w") as file:
    json.dump(facts, file)
far = socket.socket(socket.AF_UNIX)
far.connect(path)
while True:
    for ready in select.select([0, far], [], [])[0]:
        data = os.read(0, 4096) if ready == 0 else far.recv(4096)
        if not data:
            sys.exit(0)
        if ready == 0:
            far.sendall(data)
        else:
            while data:
                data = data[os.write(1, data):]
