// The head of a request to upgrade: meerkat's reader of octets, and what is left to do behind an HTTP parser.
import { nodePrimitives } from '../../packages/meerkat/dist/connection/node-primitives.js';
import {
  rawHeadersOf,
  readUpgradeHead,
} from '../../packages/meerkat/dist/protocol/handshake/upgrade-head.js';
import { readUpgradeRequest } from '../../packages/meerkat/dist/protocol/handshake/upgrade-request.js';
import { measure, print, sink } from './measure.mjs';

const PLAIN = [
  'GET /websocket HTTP/1.1',
  'Host: 127.0.0.1:9001',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];
const BROWSER = [
  'GET /websocket?room=7 HTTP/1.1',
  'Host: 127.0.0.1:9001',
  'Connection: Upgrade',
  'Pragma: no-cache',
  'Cache-Control: no-cache',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'Upgrade: websocket',
  'Origin: http://127.0.0.1:9001',
  'Sec-WebSocket-Version: 13',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-US,en;q=0.9',
  'Cookie: sid=0123456789abcdef0123456789abcdef; theme=dark',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
  'Sec-WebSocket-Protocol: chat, superchat',
];

const rows = [PLAIN, BROWSER].map((lines) => {
  const octets = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const { headerLines, url } = readUpgradeHead(octets, 0, octets.length, nodePrimitives);
  const rawHeaders = rawHeadersOf(headerLines, nodePrimitives);
  const head = { method: 'GET', httpVersion: '1.1', target: url, rawHeaders };
  return [
    octets.length,
    measure({
      'behind an HTTP parser': (times) => {
        for (let time = 0; time < times; time += 1)
          sink.value += readUpgradeRequest(head).url.length;
      },
      meerkat: (times) => {
        for (let time = 0; time < times; time += 1) {
          sink.value += readUpgradeHead(octets, 0, octets.length, nodePrimitives).headEnd;
        }
      },
      'its rawHeaders': (times) => {
        for (let time = 0; time < times; time += 1) {
          sink.value += rawHeadersOf(headerLines, nodePrimitives).length;
        }
      },
    }),
  ];
});
print('Reading a request to upgrade', rows);
