import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { annotateRequest } from '../../src/handshake/annotate-request.ts';
import { renderHead } from '../../src/handshake/render-head.ts';
import { paletteFor } from '../../src/terminal/palette.ts';
import { requestHead } from './heads.ts';

const plain = paletteFor(new PassThrough(), {});

it('A7 renders a head line by line, with marks', () => {
  const head = annotateRequest(
    requestHead({ 'Sec-WebSocket-Version': '8', Host: undefined, Accept: '*/*' }),
  );
  expect(renderHead(head, plain)).toEqual([
    'ok GET / HTTP/1.1',
    'ok Upgrade: websocket',
    'ok Connection: Upgrade',
    'ok Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '!! Sec-WebSocket-Version: 8 — must be 13, exactly once (RFC 6455 §4.2.1)',
    '   Accept: */*',
    '!! Host is missing — exactly one host, with its port, is needed (RFC 9112 §3.2)',
    '!! WS_REQUEST_HOST: exactly one valid Host is needed → 400',
  ]);
  expect(renderHead(annotateRequest(requestHead()), plain).at(-1)).toBe(
    'ok the opening handshake keeps the rules',
  );
});

it('A7 renders what a field means below it, where it cannot pass for a field', () => {
  const head = annotateRequest(
    requestHead({ 'Sec-WebSocket-Extensions': 'permessage-deflate; \tserver_no_context_takeover' }),
  );
  const remarks = ['one \x1b[2J'];
  expect(renderHead({ ...head, remarks }, plain).slice(-4)).toEqual([
    '     permessage-deflate: the client offers to compress messages (RFC 7692)',
    '       server_no_context_takeover: asks the server to compress each message on its own',
    '     one \\x1b[2J',
    'ok the opening handshake keeps the rules',
  ]);
});

it('A7 colours what is wrong', () => {
  const colours = paletteFor(new PassThrough(), { FORCE_COLOR: '1' });
  const head = annotateRequest(requestHead({ Host: undefined }));
  expect(renderHead(head, colours).at(-1)).toBe(
    '\x1b[31m!! WS_REQUEST_HOST: exactly one valid Host is needed → 400\x1b[39m',
  );
});

it('S19 makes names, values and targets harmless', () => {
  const head = annotateRequest({
    method: 'G\x1b',
    target: '/\x1b[2J',
    httpVersion: '1.1',
    rawHeaders: ['X\x07', 'a\x1b]0;title\x07\r\n\u202e'],
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
  expect(renderHead(head, plain).join('')).not.toMatch(/[\0-\x1f\x7f-\x9f\u202e]/);
});
