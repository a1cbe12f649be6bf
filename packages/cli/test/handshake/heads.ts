import type { RequestHead } from 'meerkat/protocol';
import type { AnnotatedHead } from '../../src/handshake/head-annotations.ts';

/** The fields of a proper request, and how it differs from them: undefined leaves one out. */
export function requestHead(
  fields: Readonly<Record<string, string | readonly string[] | undefined>> = {},
  rest: Partial<RequestHead> = {},
): RequestHead {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...fields,
  };
  return { method: 'GET', target: '/', httpVersion: '1.1', rawHeaders: raw(all), ...rest };
}

export function raw(
  fields: Readonly<Record<string, string | readonly string[] | undefined>>,
): string[] {
  return Object.entries(fields).flatMap(([name, values]) =>
    (values === undefined ? [] : [values].flat()).flatMap((value) => [name, value]),
  );
}

/** The names of everything that is wrong, the first line as an empty name. */
export function wrong({ firstLine, fields }: AnnotatedHead): string[] {
  return [
    ...(firstLine.verdict === 'wrong' ? [''] : []),
    ...fields.filter(({ verdict }) => verdict === 'wrong').map(({ name }) => name),
  ];
}
