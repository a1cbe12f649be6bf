# Runs a command on a pseudo-terminal: `pseudo-terminal.py ROWS COLUMNS COMMAND ARGUMENT…`.
# What comes on stdin is typed, what the command prints goes to stdout. Exits as the command does; when stdin ends,
# the terminal is hung up.
import fcntl
import os
import pty
import select
import struct
import sys
import termios

rows, columns = int(sys.argv[1]), int(sys.argv[2])
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
while True:
    ready, _, _ = select.select([terminal, 0], [], [])
    if terminal in ready:
        try:
            printed = os.read(terminal, 65536)
        except OSError:  # EIO: nobody has it open any more
            printed = b''
        if not printed:
            break
        os.write(1, printed)
    if 0 in ready:
        typed = os.read(0, 65536)
        if not typed:
            os.close(terminal)
            break
        os.write(terminal, typed)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
