// Any text is read as the grammar of RFC 6455 §9.1 says or refused; what is written is read back; an answer is within the offer or a fault.
import {
  buildUpgradeResponse,
  type ExtensionOffer,
  formatExtensions,
  parseExtensions,
  parseSubprotocols,
  readUpgradeResponse,
  UsageError,
} from 'meerkat/protocol';
import { extensionField, HEAD_WORDS } from '../generate/http-text.ts';
import { hold, same } from '../invariant.ts';
import { primitives } from '../recorded-endpoint.ts';
import { isWithin, readExtensions, readSubprotocols } from '../reference/header-grammar.ts';
import { readHead } from '../reference/http-head.ts';
import type { FuzzTarget } from '../target.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** The first line is what is offered, the second what is agreed to. */
export const target: FuzzTarget = {
  name: 'extension-header',
  form: 'text',
  dictionary: HEAD_WORDS,
  generate: (random) => {
    const lines = [extensionField(random)];
    if (random.oneIn(2))
      lines.push(random.oneIn(2) ? (lines[0] as string) : extensionField(random));
    return Uint8Array.from(Buffer.from(lines.join('\n'), 'latin1'));
  },
  run: (input) => {
    const [offered = '', agreed = ''] = Buffer.from(input).toString('latin1').split('\n');
    const offer = checkField(offered);
    const answer = checkField(agreed);
    if (offer !== undefined && answer !== undefined) checkAnswer(offer, answer);
    same(parseSubprotocols(offered), readSubprotocols(offered), 'subprotocols by the grammar');
  },
  parse: (input) => {
    const text = Buffer.from(input).toString('latin1');
    parseExtensions(text);
    parseSubprotocols(text);
  },
};

function checkField(value: string): ExtensionOffer[] | undefined {
  const offers = parseExtensions(value);
  same(offers, readExtensions(value), 'extensions by the grammar');
  if (offers !== undefined) {
    same(parseExtensions(formatExtensions(offers)), offers, 'what is written is read back');
  }
  return offers;
}

/** A server can say only what was offered; a client takes what such a server says. */
function checkAnswer(offered: ExtensionOffer[], agreed: ExtensionOffer[]): void {
  const request = {
    key: KEY,
    host: 'example.com',
    path: '/',
    url: '/',
    subprotocols: [],
    extensions: offered,
    origins: [],
  };
  const within = isWithin(agreed, offered);
  let text: string;
  try {
    const answer = { subprotocol: '', extensions: agreed, headers: [] };
    text = buildUpgradeResponse(request, answer, primitives);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    hold(!within, 'an answer within the offer is built', () => error.message);
    return;
  }
  hold(within, 'an answer outside of the offer is not built');
  const head = { status: 101, httpVersion: '1.1', rawHeaders: readHead(text).rawHeaders };
  const offer = { key: KEY, subprotocols: [], extensions: offered };
  const { subprotocol, extensions } = readUpgradeResponse(head, offer, primitives);
  same({ subprotocol, extensions }, { subprotocol: '', extensions: agreed }, 'both ends agree');
}
