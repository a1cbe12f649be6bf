import { expect, it } from 'vitest';
import { arrivalWords, targetWords } from '../../src/console/arrival-words.ts';

it.each([
  [
    ['http://localhost:8000'],
    'chat',
    ': /websocket, origin http://localhost:8000, subprotocol chat',
  ],
  [[], '', ': /websocket'],
  [['null'], '', ': /websocket, origin null'],
  [['http://a, subprotocol admin'], '', ': /websocket, origin "http://a, subprotocol admin"'],
  [['\x9b2J'], '', ': /websocket, origin "\\x9b2J"'],
  [['x'.repeat(300)], '', `: /websocket, origin "${'x'.repeat(200)}…"`],
])('D4 tells who comes: origins %j, subprotocol %j', (origins, subprotocol, words) => {
  expect(arrivalWords({ url: '/websocket', origins }, subprotocol, {})).toBe(words);
});

it('shows no secrets unless told to', () => {
  expect(targetWords('/websocket?token=abc&room=1', {})).toBe('/websocket?token=(redacted)&room=1');
  expect(targetWords('/websocket?token=abc', { showSecrets: true })).toBe('/websocket?token=abc');
});

it('cuts a long target', () => {
  expect(targetWords(`/${'x'.repeat(300)}`, {})).toHaveLength(201);
});
