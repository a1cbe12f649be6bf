import { CliError } from '../cli-error.ts';
import { redactTarget } from '../handshake/secrets.ts';

/**
 * Completes what a user types for a URL: `localhost:8000/x`, `:8000` and `8000` are `ws://`; `http://` and `https://`
 * mean `ws://` and `wss://`.
 *
 * @throws {@link CliError} that says what is wrong, with exit code 2.
 */
export function completeUrl(given: string): URL {
  const url = parse(withScheme(given), given);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw wrong(given, `the scheme is ws:// or wss://, not ${url.protocol}//`);
  }
  if (url.hash !== '' || given.endsWith('#')) throw wrong(given, 'it has a #fragment');
  return url;
}

function withScheme(given: string): string {
  if (/^(?:wss?\+|https?\+)?unix:/i.test(given)) {
    throw wrong(given, 'for a unix socket: --unix PATH ws://localhost/websocket');
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) return given;
  if (/^(?:wss?|https?):\/(?!\/)/i.test(given)) throw wrong(given, 'write :// after the scheme');
  if (given === '' || /^[/?#]/.test(given)) throw wrong(given, 'it names no host');
  // Digits alone would be read as an IPv4 address in one number.
  if (/^:?[0-9]{1,5}(?:[/?]|$)/.test(given)) return `ws://localhost:${given.replace(/^:/, '')}`;
  return `ws://${given}`;
}

function parse(url: string, given: string): URL {
  // The parser of URLs drops tabs and line ends, and blanks at both ends.
  if (/[\s\p{Cc}]/u.test(given)) throw wrong(given, 'it contains a blank or a control character');
  try {
    return new URL(url);
  } catch {
    const port = /^[a-z]+:\/\/[^/?#]*:([0-9]+)(?:[/?#]|$)/i.exec(url)?.[1];
    if (Number(port) > 65_535) throw wrong(given, 'a port is a number from 0 to 65535');
    throw wrong(given, 'write it as ws://localhost:8000/websocket');
  }
}

function wrong(given: string, why: string): CliError {
  // No password in a message, and no token.
  const harmless = redactTarget(given.replace(/^([^/?#]*\/\/)?[^/?#]*@/, '$1…@'));
  return new CliError(`${JSON.stringify(harmless)} is no WebSocket URL: ${why}`, 2);
}
