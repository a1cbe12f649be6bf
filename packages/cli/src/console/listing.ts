import type { RequestHead } from 'meerkat/protocol';
import { annotateRequest } from '../handshake/annotate-request.ts';
import type { AnnotationOptions } from '../handshake/head-annotations.ts';
import { renderHead } from '../handshake/render-head.ts';
import { localTime } from '../terminal/local-time.ts';
import type { Palette } from '../terminal/palette.ts';
import { targetWords } from './arrival-words.ts';
import type { Client, Tally } from './clients.ts';
import { durationWords } from './leaving-words.ts';
import { count, type MessageLook } from './message-words.ts';
import type { Target } from './operator-command.ts';
import type { WaitingRequest } from './waiting-room.ts';

/** Characters of a URL in the list; `/show` shows all. */
const MAX_URL = 80;

/** Who is here and who waits, a line each; the one that lines without a slash go to has a star. */
export function listLines(
  clients: readonly Client[],
  waiting: readonly WaitingRequest[],
  target: Target,
  options: AnnotationOptions,
): string[] {
  const lines = [
    clients.length === 0 ? 'nobody is here' : `${count(clients.length, 'client')} here:`,
  ];
  for (const client of clients) {
    const { connection, label, received, sent } = client;
    const parts = [
      targetWords(connection.url, options, MAX_URL),
      `for ${durationWords(performance.now() - client.cameAt)}`,
      `in ${received.messages}`,
      `out ${sent.messages}`,
    ];
    if (connection.extensions !== '') parts.splice(1, 0, 'compressed');
    if (connection.protocol !== '') parts.splice(1, 0, connection.protocol);
    if (connection.queuedBytes > 0) parts.push(`${count(connection.queuedBytes, 'octet')} queued`);
    if (connection.state !== 'open') parts.push('closing');
    lines.push(`${client.id === target ? '*' : ' '} ${label}: ${parts.join(', ')}`);
  }
  if (waiting.length === 0) return lines;
  lines.push(`${waiting.length} ${waiting.length === 1 ? 'waits' : 'wait'} to be let in:`);
  for (const one of waiting) lines.push(`  ${one.label}: ${timeLeft(one)} left`);
  return lines;
}

/** All about a client. */
export function clientLines(
  client: Client,
  { palette, forPerson }: MessageLook,
  options: AnnotationOptions,
): string[] {
  const { connection, label, since, received, sent } = client;
  const { protocol, extensions } = connection;
  const time = forPerson ? localTime(since) : since.toISOString();
  return [
    `${palette.bold(label)}, here since ${time}, for ${durationWords(performance.now() - client.cameAt)}`,
    `  subprotocol  ${protocol === '' ? 'none' : protocol}`,
    `  extensions   ${extensions === '' ? 'none' : extensions}`,
    `  received     ${tallyWords(received)}`,
    `  sent         ${tallyWords(sent)}, ${count(connection.queuedBytes, 'octet')} queued`,
    `  state        ${connection.state}`,
    ...handshakeLines(client.head, palette, options),
  ];
}

/** All about a request that waits. */
export function waitingLines(
  waiting: WaitingRequest,
  palette: Palette,
  options: AnnotationOptions,
): string[] {
  return [
    `${palette.bold(waiting.label)} waits to be let in, ${timeLeft(waiting)} left`,
    ...handshakeLines(waiting.head, palette, options),
  ];
}

/** A handshake, field by field, below what it belongs to. */
export function handshakeLines(
  head: RequestHead,
  palette: Palette,
  options: AnnotationOptions,
): string[] {
  return renderHead(annotateRequest(head, options), palette).map((line) => `  ${line}`);
}

/** How long the operator can still think. */
function timeLeft({ deadline }: WaitingRequest): string {
  return durationWords(Math.max(0, deadline - performance.now()));
}

function tallyWords({ messages, octets }: Tally): string {
  return `${count(messages, 'message')}, ${count(octets, 'octet')}`;
}
