import type { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { addConnectFlags, type ConnectFlags } from './connect-flags.ts';
import { COMMANDS_HELP } from './line-command.ts';
import { runSession } from './session.ts';
import { sessionSettings } from './session-settings.ts';

const HELP = `
The URL:
  ws:// or wss://, with port, path and query. "localhost:8000/x" and ":8000" are
  taken for ws://, http:// and https:// for ws:// and wss://. user:password@ is
  sent as Basic authentication.

On a terminal:
  Each line is sent when you press Enter; what the server sends is printed above
  the line that you type, after "<". Arrow keys edit it and bring back earlier
  ones. Control characters from the server are shown, never obeyed; binary is
  shown as hex and ASCII; very long messages are cut.
  Ctrl-D or Ctrl-C closes the connection politely, a second Ctrl-C at once.
  A line that begins with a slash is a command:
${COMMANDS_HELP.map((line) => `    ${line}`).join('\n')}

In a pipe:
  Each line of the input is a message; its line end (LF or CR LF) is not part of
  it. A slash means nothing, unless --commands is given. Each message from the
  server is a line of the output: text as it is, and binary as hex digits; with
  --raw all as it is. The rest goes to stderr.
  When the input ends, our Close follows the last message, and what the server
  sends before its own Close is still printed: answers given in order arrive. A
  server that answers later, say after asking a database, needs --wait or
  --count.

Watching:
  --verbose and --hexdump write to stderr: "*" the network, ">" what we sent,
  "<" what came; "ok" keeps the rules of the handshake, "!!" breaks them.
  Passwords, tokens and cookies are hidden unless --show-secrets is given.
  --ping and --verbose keep no connection open: --wait or --count does.

At the end the close code is shown on stderr, with its name and meaning. Exit
code 0 after a good end (1000, 1001, no code, or the code that we chose); 1 when
the connection was refused, lost, or closed with another code, when not
everything could be sent, or fewer messages than --count came; 2 for wrong
usage.

Examples:
  meerkat connect ws://localhost:8000/websocket
  meerkat connect :8000/websocket -m hello          send, print answers, close
  meerkat connect :8000/websocket -v --count 1 -m hello
                                                    see the handshake as well
  meerkat connect wss://example.com/feed --wait forever < /dev/null
                                                    only listen
  meerkat connect wss://example.com/feed --ping 1 --wait 10 < /dev/null
                                                    measure round trips
  meerkat connect :8000/chat -s chat -H 'Authorization: Bearer …'
  meerkat connect :8000/websocket --hex -m '00 01 fe ff'
                                                    binary, by its octets
  meerkat connect :8000/upload --file photo.jpg
  jq -c '.[]' list.json | meerkat connect :8000/in --wait 2 > answers.txt
  meerkat connect wss://dev.example.com --ca ca.pem trust your own authority`;

/** Adds `meerkat connect`. */
export function addConnectCommand(program: Command, context: CliContext): void {
  const command = program
    .command('connect')
    .summary('talk to a WebSocket server')
    .description(
      'Connects to a WebSocket server of any make: type and see what comes back, or use it in a pipe.',
    )
    .argument('<url>', 'where to connect, for example ws://localhost:8000/websocket');
  addConnectFlags(command);
  command.addHelpText('after', HELP).action(async (url: string, flags: ConnectFlags) => {
    await runSession(await sessionSettings(url, flags, context), context);
  });
}
