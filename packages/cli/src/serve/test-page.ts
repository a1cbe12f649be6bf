import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sharedStyles } from '@meerkat/conformance/page-style';
import type { BuiltInPage } from './representation.ts';

// The same path from src/serve/ and from dist/serve/.
const FOLDER = new URL('../../page/', import.meta.url);
const STYLE = '<link rel="stylesheet" href="test.css">';
const SCRIPT = '<script src="test.js"></script>';

let built: BuiltInPage | undefined;

/**
 * Gives the WebSocket test page as one response: `page/test.html` with its styles and script inlined, so that a policy
 * of their hashes lets nothing else run. The files are read once.
 */
export function testPage(): BuiltInPage {
  built ??= build();
  return built;
}

function build(): BuiltInPage {
  const style = sharedStyles('theme.css') + read('test.css');
  const script = read('test.js');
  const html = read('test.html');
  const styled = replaceOnce(html, STYLE, `<style>${style}</style>`);
  const page = replaceOnce(styled, SCRIPT, `<script>${script}</script>`);
  return {
    body: new TextEncoder().encode(page),
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': [
        "default-src 'none'",
        `script-src '${sha256(script)}'`,
        `style-src '${sha256(style)}'`,
        'img-src data:', // the icon in the tab
        'connect-src ws: wss:', // a test client connects to where its user says
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    },
  };
}

function read(name: string): string {
  // HTML parsers turn CR LF into LF before the hash is taken; a checkout on Windows may have them.
  return readFileSync(new URL(name, FOLDER), 'utf8').replaceAll('\r\n', '\n');
}

function replaceOnce(html: string, tag: string, replacement: string): string {
  const [before, after, ...more] = html.split(tag);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`test.html must contain ${tag} exactly once`);
  }
  return before + replacement + after;
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
