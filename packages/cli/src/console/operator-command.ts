import { CloseCode, isCloseCodeOnTheWire } from 'meerkat';
import { oneLine } from '../terminal/escape-controls.ts';
import { parseHex } from '../terminal/hex.ts';
import { nearestName } from '../terminal/nearest-name.ts';
import { readTypedLine, takeWord } from '../terminal/typed-line.ts';

/** Whom a command is for: everyone, or the client with that number. */
export type Target = 'all' | number;

/** What the operator wants. */
export type OperatorCommand =
  | { readonly does: 'nothing' }
  | { readonly does: 'list' }
  | { readonly does: 'target'; readonly to: Target }
  /** `to` is undefined where it goes to whomever `/to` chose. */
  | { readonly does: 'say'; readonly to: Target | undefined; readonly text: string }
  | { readonly does: 'sendOctets'; readonly to: Target; readonly octets: Uint8Array }
  | { readonly does: 'sendFile'; readonly to: Target; readonly path: string }
  /** Without `text`, a payload of the library's. */
  | { readonly does: 'ping'; readonly to: Target; readonly text: string | undefined }
  | {
      readonly does: 'close';
      readonly to: Target;
      readonly code: number;
      readonly reason: string;
    }
  | { readonly does: 'kick'; readonly to: Target }
  | { readonly does: 'accept'; readonly who: Target | 'oldest' }
  | {
      readonly does: 'refuse';
      readonly who: Target | 'oldest';
      readonly status: number;
      readonly text: string | undefined;
    }
  | { readonly does: 'show'; readonly id: number }
  | { readonly does: 'help'; readonly topic: CommandEntry | undefined }
  | { readonly does: 'quit' };

/** A line that means nothing, and what to do about it. */
export interface Misunderstood {
  readonly problem: string;
}

/** One command of the console. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  /** What follows the name. */
  readonly parameters: string;
  readonly summary: string;
  /** Reads what was typed behind the name; undefined where that is not what `parameters` says. */
  readonly read: (rest: string) => OperatorCommand | Misunderstood | undefined;
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'list',
    aliases: ['ls', 'who'],
    parameters: '',
    summary: 'shows who is here, and who waits to be let in',
    read: (rest) => (rest === '' ? { does: 'list' } : undefined),
  },
  {
    name: 'to',
    aliases: ['t'],
    parameters: 'ID|all',
    summary: 'chooses whom lines without a slash go to',
    read: (rest) =>
      forTarget(rest, (to, after) => (after === '' ? { does: 'target', to } : undefined)),
  },
  {
    name: 'send',
    aliases: ['s', 'msg'],
    parameters: 'ID|all TEXT',
    summary: 'sends text to one client, or to all',
    read: (rest) => forTarget(rest, say),
  },
  {
    name: 'all',
    aliases: ['broadcast'],
    parameters: 'TEXT',
    summary: 'sends text to everyone',
    read: (rest) => say('all', rest),
  },
  {
    name: 'hex',
    aliases: ['x'],
    parameters: 'ID|all DIGITS',
    summary: 'sends octets, as hex digits: /hex 1 48 65 6c 6c 6f',
    read: (rest) => forTarget(rest, readHex),
  },
  {
    name: 'file',
    aliases: ['f'],
    parameters: 'ID|all PATH',
    summary: 'sends the octets of a file',
    read: (rest) =>
      forTarget(rest, (to, path) => (path === '' ? undefined : { does: 'sendFile', to, path })),
  },
  {
    name: 'ping',
    aliases: ['p'],
    parameters: 'ID|all [TEXT]',
    summary: 'sends a Ping, and tells how long its Pong took',
    read: (rest) =>
      forTarget(rest, (to, text) => ({ does: 'ping', to, text: text === '' ? undefined : text })),
  },
  {
    name: 'close',
    aliases: ['c'],
    parameters: 'ID|all [CODE [REASON]]',
    summary: 'closes politely, with 1000 unless told otherwise',
    read: (rest) => forTarget(rest, readClose),
  },
  {
    name: 'kick',
    aliases: ['k'],
    parameters: 'ID|all',
    summary: 'ends a connection at once, without a closing handshake',
    read: (rest) =>
      forTarget(rest, (to, after) => (after === '' ? { does: 'kick', to } : undefined)),
  },
  {
    name: 'accept',
    aliases: ['a', 'y'],
    parameters: '[ID|all]',
    summary: 'lets a client in that waits; without ID the one that waits longest',
    read: (rest) =>
      forWaiting(rest, (who, after) => (after === '' ? { does: 'accept', who } : undefined)),
  },
  {
    name: 'refuse',
    aliases: ['n', 'deny'],
    parameters: '[ID|all [STATUS [TEXT]]]',
    summary: 'answers a client that waits with an HTTP status, 403 unless told otherwise',
    read: (rest) => forWaiting(rest, readRefuse),
  },
  {
    name: 'show',
    aliases: ['i', 'info'],
    parameters: 'ID',
    summary: 'shows the handshake of a client, and what was sent and received',
    read: (rest) =>
      forTarget(rest, (id, after) =>
        after === '' && id !== 'all' ? { does: 'show', id } : undefined,
      ),
  },
  {
    name: 'help',
    aliases: ['h', '?'],
    parameters: '[COMMAND]',
    summary: 'shows what can be typed',
    read: readHelp,
  },
  {
    name: 'quit',
    aliases: ['q', 'exit'],
    parameters: '',
    summary: 'ends the server, as Ctrl-C does',
    read: (rest) => (rest === '' ? { does: 'quit' } : undefined),
  },
];

/** Reads a line that the operator typed. Never throws. */
export function readCommand(line: string): OperatorCommand | Misunderstood {
  const typed = readTypedLine(line);
  if ('text' in typed) {
    return typed.text === ''
      ? { does: 'nothing' }
      : { does: 'say', to: undefined, text: typed.text };
  }
  const entry = findCommand(typed.command);
  if (entry === undefined) return unknown(typed.command);
  return entry.read(typed.rest) ?? { problem: `this is how it is typed: ${usageOf(entry)}` };
}

/** How a command is typed: `/send ID|all TEXT`. */
export function usageOf({ name, parameters }: CommandEntry): string {
  return parameters === '' ? `/${name}` : `/${name} ${parameters}`;
}

function findCommand(name: string): CommandEntry | undefined {
  return COMMANDS.find((entry) => entry.name === name || entry.aliases.includes(name));
}

function unknown(name: string): Misunderstood {
  const near = nearestName(
    name,
    COMMANDS.map((entry) => entry.name),
  );
  const meant = near === undefined ? '' : ` (did you mean /${near}?)`;
  return {
    problem: `there is no /${oneLine(name, 40)}${meant}: /help lists what there is, //… sends text that begins with a slash`,
  };
}

function readTarget(word: string): Target | undefined {
  if (word.toLowerCase() === 'all') return 'all';
  const [, digits] = /^#?(\d{1,15})$/.exec(word) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function forTarget(
  rest: string,
  read: (to: Target, after: string) => OperatorCommand | Misunderstood | undefined,
): OperatorCommand | Misunderstood | undefined {
  const [word, after] = takeWord(rest);
  if (word === '') return undefined;
  const to = readTarget(word);
  return to === undefined ? noTarget(word) : read(to, after);
}

function forWaiting(
  rest: string,
  read: (who: Target | 'oldest', after: string) => OperatorCommand | Misunderstood | undefined,
): OperatorCommand | Misunderstood | undefined {
  return rest === '' ? read('oldest', '') : forTarget(rest, read);
}

function noTarget(word: string): Misunderstood {
  return {
    problem: `${JSON.stringify(oneLine(word, 40))} is no client: it is a number that /list shows, or all`,
  };
}

function say(to: Target, text: string): OperatorCommand | undefined {
  return text === '' ? undefined : { does: 'say', to, text };
}

function readHex(to: Target, digits: string): OperatorCommand | Misunderstood | undefined {
  if (digits === '') return undefined;
  const parsed = parseHex(digits);
  if ('problem' in parsed) return { problem: `not sent: ${parsed.problem}` };
  return { does: 'sendOctets', to, octets: parsed.octets };
}

function readClose(to: Target, rest: string): OperatorCommand | Misunderstood {
  const [code, reason] = takeWord(rest);
  if (code === '') return { does: 'close', to, code: 1000, reason: '' };
  if (!/^\d{1,9}$/.test(code)) {
    return {
      problem: `${JSON.stringify(oneLine(code, 40))} is no close code: a number stands before the reason, as in /close ${to} 1000 bye`,
    };
  }
  // 1005 sends a Close frame without a code. Whether the reason may go with it is the library's to say.
  if (Number(code) !== CloseCode.NoStatus && !isCloseCodeOnTheWire(Number(code))) {
    return {
      problem: `code ${code} may not be sent: 1000 to 1003, 1007 to 1014 and 3000 to 4999 may`,
    };
  }
  return { does: 'close', to, code: Number(code), reason };
}

function readRefuse(who: Target | 'oldest', rest: string): OperatorCommand | Misunderstood {
  const [word, text] = takeWord(rest);
  const status = word === '' ? 403 : Number(word);
  if ((word !== '' && !/^\d{3}$/.test(word)) || status < 400 || status > 599) {
    return {
      problem: `${JSON.stringify(oneLine(word, 40))} is no status to refuse with: 400 to 599, as in /refuse ${who} 403 not today`,
    };
  }
  return { does: 'refuse', who, status, text: text === '' ? undefined : text };
}

function readHelp(rest: string): OperatorCommand | Misunderstood {
  if (rest === '') return { does: 'help', topic: undefined };
  const name = rest.toLowerCase().replace(/^\//, '');
  const topic = findCommand(name);
  return topic === undefined ? unknown(name) : { does: 'help', topic };
}
