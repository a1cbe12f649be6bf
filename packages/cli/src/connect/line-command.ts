import { isUtf8 } from 'node:buffer';
import { InvalidArgumentError } from 'commander';
import type { CloseFrame, Message } from 'meerkat';
import { readTypedLine, takeWord } from '../terminal/typed-line.ts';
import { closeCode, closeReason } from './option-values.ts';
import { type LineFormat, messageOf } from './outgoing-message.ts';

/** What a line asks for. */
export type Entry =
  | { readonly kind: 'message'; readonly message: Message }
  /** The content of a file, as a binary message. */
  | { readonly kind: 'file'; readonly path: string }
  /** Without a payload: one that is unique. */
  | { readonly kind: 'ping'; readonly payload: Uint8Array | undefined }
  /** Without a frame: the Close that the options ask for. */
  | { readonly kind: 'close'; readonly close: CloseFrame | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'wrong'; readonly problem: string };

/** What `/help` prints. */
export const COMMANDS_HELP: readonly string[] = [
  '/ping [TEXT]            send a Ping, print the round-trip time',
  '/close [CODE [REASON]]  close: /close 4000 bye',
  '/text TEXT              send text',
  '/binary TEXT            send the octets of TEXT as binary',
  '/hex DIGITS             send binary: /hex 48 65 6c',
  '/file PATH              send a file as one binary message',
  '/help                   this',
  '/quit                   no more input, as Ctrl-D',
  '//TEXT                  send /TEXT',
];

const SLASH = 0x2f;
/** "All control frames MUST have a payload length of 125 bytes or less" (RFC 6455 §5.5). */
const MAX_PING_BYTES = 125;

/** Reads a line that may be a command. One that does not begin with a slash is a message in `format`. */
export function readEntry(line: Uint8Array, format: LineFormat): Entry {
  if (line[0] !== SLASH) return messageEntry(line, format);
  if (line[1] === SLASH) return messageEntry(line.subarray(1), format);
  if (!isUtf8(line)) return wrong('a command is UTF-8');
  const typed = readTypedLine(Buffer.from(line).toString());
  return 'text' in typed ? messageEntry(line, format) : readCommand(typed.command, typed.rest);
}

/** Reads a line of which every octet belongs to the message. */
export function messageEntry(line: Uint8Array, format: LineFormat): Entry {
  const parsed = messageOf(line, format);
  return 'message' in parsed ? { kind: 'message', ...parsed } : wrong(parsed.problem);
}

function readCommand(command: string, rest: string): Entry {
  switch (command) {
    case 'ping':
      return pingEntry(rest);
    case 'close':
      return closeEntry(rest);
    case 'text':
    case 'binary':
    case 'hex':
      return messageEntry(Buffer.from(rest), command);
    case 'file':
      return rest === '' ? wrong('/file needs a path') : { kind: 'file', path: rest };
    case 'help':
    case 'quit':
      return rest === '' ? { kind: command } : wrong(`/${command} takes nothing`);
    default:
      return wrong(`/${command} is no command: /help lists them, // sends text that begins with /`);
  }
}

function pingEntry(text: string): Entry {
  if (text === '') return { kind: 'ping', payload: undefined };
  const payload = Buffer.from(text);
  return payload.length > MAX_PING_BYTES
    ? wrong(`a Ping carries at most ${MAX_PING_BYTES} octets, not ${payload.length}`)
    : { kind: 'ping', payload };
}

function closeEntry(rest: string): Entry {
  if (rest === '') return { kind: 'close', close: undefined };
  const [word, text] = takeWord(rest);
  try {
    const code = closeCode(word);
    const reason = closeReason(text);
    if (code === 1005 && reason !== '') return wrong('an empty Close frame (1005) has no reason');
    return { kind: 'close', close: { code, reason } };
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    return wrong(`/close [CODE [REASON]]: ${error.message}`);
  }
}

function wrong(problem: string): Entry {
  return { kind: 'wrong', problem };
}
