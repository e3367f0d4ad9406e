"""Pseudo terminals for the exchange, which Node cannot make: relays their bytes and what their programs do with them.

usage: python3 ptys.py DIRECTORY NAME...

Makes one PTY for each NAME with a symbolic link DIRECTORY/NAME to it. Frames on standard input and output: kind (1 byte), line
(2 bytes), length (4 bytes, big endian), payload.
  to here    d bytes          for the program on the line; dropped while none has it open
             l bytes          the carrier is lost: a new PTY where the program cleared CLOCAL, else these bytes
             - +              stop and go on reading what the program writes
  from here  d bytes          written by the program
             s bit set        1 somebody has it open, 2 DTR (open and speed not B0), 4 CLOCAL
             f e              so much is waiting for the program that no more should come; it has room again
             r                all lines are there
Ends with its standard input.
"""
import errno, os, select, struct, sys, termios, time

POLL_MS = 20  # programs drop DTR for half a second and longer
FULL, EMPTY = 4096, 1024
HEAD = struct.Struct(">cHI")

def make_raw(fd):
    """As a serial port comes up. An echo would answer the modem's own RING."""
    modes = termios.tcgetattr(fd)
    modes[0] = modes[1] = modes[3] = 0
    modes[2] = termios.CS8 | termios.CREAD | termios.HUPCL | termios.CLOCAL
    modes[4] = modes[5] = termios.B115200
    termios.tcsetattr(fd, termios.TCSANOW, modes)

class Line:
    def __init__(self, index, link):
        self.index, self.link = index, link
        self.paused = False
        self.told_full = False
        self.make()

    def make(self):
        self.master, slave = os.openpty()
        make_raw(slave)
        name = os.ttyname(slave)
        os.chmod(name, 0o660)
        os.close(slave)
        os.set_blocking(self.master, False)
        self.poll = select.poll()
        self.poll.register(self.master, select.POLLIN)
        self.pending = bytearray()
        self.state = None
        self.polled = None
        temporary = self.link + ".new"
        try: os.unlink(temporary)
        except FileNotFoundError: pass
        os.symlink(name, temporary)
        os.rename(temporary, self.link)
        by_master[self.master] = self

    def read_state(self):
        seen = self.poll.poll(0)
        is_open = not (seen and seen[0][1] & select.POLLHUP)
        modes = termios.tcgetattr(self.master)
        dtr = is_open and modes[5] != termios.B0
        # What was written before DTR fell is not lost: `echo ATH > line` is over before one looks.
        if not dtr and seen and seen[0][1] & select.POLLIN: self.receive()
        return (1 if is_open else 0) | (2 if dtr else 0) | (4 if modes[2] & termios.CLOCAL else 0)

    def look(self):
        state = self.read_state()
        if state != self.state:
            if not state & 1:
                self.pending.clear()
                make_raw(self.master)
                state |= 4
            if state != self.state: emit(b"s", self.index, bytes([state]))
            self.state = state
        self.watch()

    def watch(self):
        events = 0
        if self.state & 1:
            if not self.paused: events |= select.EPOLLIN
            if self.pending: events |= select.EPOLLOUT
        if events == self.polled: return
        # A line that nobody has open reports a hang-up without end: it is not watched, `look` finds out when it is opened.
        if self.polled is not None and self.polled: epoll.unregister(self.master)
        if events: epoll.register(self.master, events)
        self.polled = events

    def send(self, data):
        if not self.state & 1: self.look()
        if not self.state & 1: return
        self.pending += data
        self.flush()

    def flush(self):
        try:
            while self.pending:
                del self.pending[:os.write(self.master, self.pending[:4096])]
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EINTR): self.pending.clear()
        if not self.told_full and len(self.pending) > FULL:
            self.told_full = True
            emit(b"f", self.index)
        elif self.told_full and len(self.pending) < EMPTY:
            self.told_full = False
            emit(b"e", self.index)
        self.watch()

    def receive(self):
        try: data = os.read(self.master, 4096)
        except OSError: return  # closed meanwhile: `look` sees it
        emit(b"d", self.index, data)

    def lose_carrier(self, text):
        self.look()
        if self.state & 1 and not self.state & 4:
            if self.polled: epoll.unregister(self.master)
            del by_master[self.master]
            old = self.master
            self.make()  # the link first: whoever is hung up opens it again at once
            os.close(old)
            self.look()
        else: self.send(text)

def emit(kind, index, payload=b""):
    out = HEAD.pack(kind, index, len(payload)) + payload
    while out: out = out[os.write(1, out):]

epoll = select.epoll()
by_master = {}
directory = sys.argv[1]
lines = [Line(index, os.path.join(directory, name)) for index, name in enumerate(sys.argv[2:])]
for line in lines: line.look()
emit(b"r", 0)
epoll.register(0, select.EPOLLIN)
received = bytearray()
next_look = 0.0
while True:
    now = time.monotonic()
    if now >= next_look:
        for line in lines: line.look()
        next_look = now + POLL_MS / 1000
    for fd, event in epoll.poll(max(next_look - time.monotonic(), 0.001)):
        if fd != 0:
            line = by_master.get(fd)
            if line is None: continue
            if event & select.EPOLLOUT: line.flush()
            if event & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR): line.receive()
            continue
        data = os.read(0, 65536)
        if not data:
            for line in lines: os.unlink(line.link)
            sys.exit(0)
        received += data
        while len(received) >= HEAD.size:
            kind, index, length = HEAD.unpack_from(received)
            if len(received) < HEAD.size + length: break
            payload = bytes(received[HEAD.size:HEAD.size + length])
            del received[:HEAD.size + length]
            line = lines[index]
            if kind == b"d": line.send(payload)
            elif kind == b"l": line.lose_carrier(payload)
            elif kind in b"-+":
                line.paused = kind == b"-"
                line.watch()
