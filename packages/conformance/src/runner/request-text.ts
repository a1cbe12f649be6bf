import { fillIn } from '../wire/head-template.ts';
import type { SeededRandom } from '../wire/random.ts';
import type { Target } from './target.ts';

/** What a raw request needs to know of its server. */
type Addressed = Pick<Target, 'host' | 'path' | 'origin' | 'headers' | 'subprotocols'>;

/** The request of a case as it goes out, each character one octet. */
export function requestText(template: string, target: Addressed, random: SeededRandom): string {
  const own = new Set([...template.matchAll(/^([\w-]+):/gm)].map(([, name = '']) => lower(name)));
  const given = target.headers.filter(([name]) => lower(name) !== 'host');
  const [, host = target.host] = target.headers.find(([name]) => lower(name) === 'host') ?? [];
  const subprotocols = target.subprotocols.join(', ');
  const fields = [...given, ...(subprotocols === '' ? [] : [protocolField(subprotocols)])];
  // The name may come more than once: only the case itself is asked whether it wants a field.
  const lines = fields.filter(([name]) => !own.has(lower(name)));
  return fillIn(template, {
    path: target.path,
    host,
    origin: target.origin,
    key: Buffer.from(random.octets(16)).toString('base64'),
    headers: lines.map(([name, value]) => `${name}: ${value}\r\n`).join(''),
    and: target.path.includes('?') ? '&' : '?',
  });
}

function protocolField(value: string): readonly [string, string] {
  return ['Sec-WebSocket-Protocol', value];
}

function lower(name: string): string {
  return name.toLowerCase();
}
