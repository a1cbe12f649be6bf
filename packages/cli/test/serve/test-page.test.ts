import { createHash } from 'node:crypto';
import { CLOSE_CODES } from 'meerkat/protocol';
import { describe, expect, it } from 'vitest';
import { testPage } from '../../src/serve/test-page.ts';

const { body, headers } = testPage();
const html = new TextDecoder('utf-8', { fatal: true }).decode(body);
const policy = new Map(
  (headers['Content-Security-Policy'] ?? '').split('; ').map((directive) => {
    const [name = '', ...values] = directive.split(' ');
    return [name, values.join(' ')];
  }),
);

function contentsOf(tag: 'script' | 'style'): string[] {
  const pattern = new RegExp(`<${tag}\\b[^>]*>(.*?)</${tag}>`, 'gs');
  return [...html.matchAll(pattern)].map(([, content = '']) => content);
}

function hashOf(content: string): string {
  return `'sha256-${createHash('sha256').update(content, 'utf8').digest('base64')}'`;
}

describe('the test page, as a response', () => {
  it('is UTF-8 HTML that is not sniffed and sends no referrer', () => {
    expect(headers).toEqual({
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': expect.any(String),
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    });
    expect(html.startsWith('<!doctype html>')).toBe(true);
  });

  it('is built once', () => {
    expect(testPage()).toBe(testPage());
  });

  it('allows nothing but its own style and script, an inlined icon, and WebSocket connections', () => {
    const [script = '', style = ''] = [...contentsOf('script'), ...contentsOf('style')];
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': "'none'",
      'script-src': hashOf(script),
      'style-src': hashOf(style),
      'img-src': 'data:',
      'connect-src': 'ws: wss:',
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
  });

  it.each(['script', 'style'] as const)('holds exactly one %s', (tag) => {
    expect(contentsOf(tag)).toHaveLength(1);
    expect(html.match(new RegExp(`<${tag}\\b`, 'g'))).toHaveLength(1);
  });

  it('has no style attributes and no handler attributes, which its policy would block', () => {
    expect(html).not.toMatch(/<[^>]*\s(?:style|on[a-z]+)=/);
  });

  it('refers to nothing outside itself', () => {
    const references = [...html.matchAll(/\s(?:src|href|action|data|poster|srcset)="([^"]*)"/g)];
    expect(references.map(([, to = '']) => to.slice(0, 5))).toEqual(['data:']);
    expect(html).not.toMatch(/@import|url\(|\bimport\(|\bfetch\(|XMLHttpRequest/);
    const addresses = html.match(/https?:\/\/[^\s"'/]+/g);
    expect(addresses).toEqual(['http://www.w3.org']); // the namespace of SVG
  });

  it('names every close code of the registry as meerkat does', () => {
    const [script = ''] = contentsOf('script');
    const names = [...script.matchAll(/^ {2}(\d{4}): '([^':]+)/gm)].map(
      ([, code, name]) => `${code} ${name?.toLowerCase()}`,
    );
    const expected = CLOSE_CODES.map(({ code, name }) => `${code} ${name.toLowerCase()}`);
    expect(names.filter((name) => name < '3')).toEqual(expected);
  });

  it('writes into the document by textContent only', () => {
    const [script] = contentsOf('script');
    expect(script).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function/,
    );
  });
});
