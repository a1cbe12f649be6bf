import { expect, it } from 'vitest';
import { cutText, visibleLines, visibleText } from '../../src/report/visible-text.ts';

it.each([
  ['ESC, which colours a terminal', 'a\x1b[31mb', 'a\\x1b[31mb'],
  ['NUL', '\0', '\\x00'],
  ['C1 with CSI', '\x9b', '\\x9b'],
  ['newlines and tabs', 'a\r\n\tb', 'a\\r\\n\\tb'],
  ['the override of the bidirectional algorithm', '\u202eabc', '\\u202eabc'],
  ['a zero-width blank', '\u200b', '\\u200b'],
  ['a line separator', '\u2028', '\\u2028'],
  ['a tag beyond the first plane', '\u{e0041}', '\\u{e0041}'],
  ['half a character', 'a\ud800b', 'a\\ud800b'],
  ['what XML forbids', '\uffff', '\\uffff'],
])('makes %s visible', (_what, text, visible) => {
  expect(visibleText(text)).toBe(visible);
});

it('leaves text alone, of any script', () => {
  expect(visibleText('naïve κόσμε 日本 🦦 <b>')).toBe('naïve κόσμε 日本 🦦 <b>');
});

it('leaves the newlines of several lines', () => {
  expect(visibleLines('a\nb\r\n')).toBe('a\nb\\r\n');
});

it('never cuts a character of two units in half', () => {
  expect(cutText('ab🦦', 3)).toBe('ab…');
  expect(cutText('ab🦦', 4)).toBe('ab🦦');
});
