// What the strict reader takes, node:http and the router behind it take with the same meaning and the same octets behind it.
import {
  acceptKey,
  plainPrimitives,
  rawHeadersOf,
  readUpgradeHead,
  UPGRADE_HEAD_LIMITS,
  type UpgradeHead,
} from 'meerkat/protocol';
import { withLongField } from '../generate/http-text.ts';
import { UPGRADE_WORDS, upgradeOctets } from '../generate/upgrade-octets.ts';
import { HttpUpgrades } from '../http-upgrades.ts';
import { hold, same } from '../invariant.ts';
import { seedOf } from '../random.ts';
import type { FuzzTarget } from '../target.ts';

const primitives = plainPrimitives((octets) => octets.fill(0));
const http = new HttpUpgrades();
/** Of the octets that may still become an upgrade, how many beginnings are looked at. */
const BEGINNINGS = 8;

export const target: FuzzTarget = {
  name: 'upgrade-head',
  form: 'text',
  dictionary: UPGRADE_WORDS,
  generate: upgradeOctets,
  large: (random, length) =>
    withLongField(random, Buffer.from(upgradeOctets(random)).toString('latin1'), length),
  run: async (input) => {
    const head = read(input, input.length);
    if (head === undefined) {
      same(read(Uint8Array.of(...input, 0x0d), input.length + 1), undefined, 'given up for good');
      return;
    }
    const end = head === 'partial' ? input.length : head.headEnd;
    for (let count = 0; count < BEGINNINGS; count += 1) {
      const length = count === 0 ? end - 1 : (seedOf(input) * (count + 1)) % end;
      if (length >= 0) same(read(input, length), 'partial', 'partial before it is complete');
    }
    if (head === 'partial') return;
    same(read(input, head.headEnd), head, 'the same without what is behind it');
    await sameBehindHttp(head, input);
  },
  parse: (input) => {
    const limits = { ...UPGRADE_HEAD_LIMITS, maxHeadBytes: input.length + 1 };
    const head = readUpgradeHead(input, 0, input.length, primitives, limits);
    if (head !== undefined && head !== 'partial') rawHeadersOf(head.headerLines, primitives);
  },
};

function read(input: Uint8Array, length: number): UpgradeHead | 'partial' | undefined {
  return readUpgradeHead(input, 0, length, primitives);
}

async function sameBehindHttp(head: UpgradeHead, input: Uint8Array): Promise<void> {
  const { headEnd, headerLines, ...request } = head;
  const upgraded = await http.try(input);
  hold(upgraded.answer.startsWith('HTTP/1.1 101 '), 'answered 101', () => upgraded.answer);
  const [, accept] = /^Sec-WebSocket-Accept: (.*)\r$/im.exec(upgraded.answer) ?? [];
  same(accept, acceptKey(request.key, primitives), 'the key is the same');
  same(upgraded.request, request, 'the request is the same');
  same(upgraded.behind, input.slice(headEnd), 'the same octets are behind it');
  same(upgraded.rawHeaders, rawHeadersOf(headerLines, primitives), 'the fields are the same');
  same(upgraded.dispatched, [], 'nothing else is dispatched');
}
