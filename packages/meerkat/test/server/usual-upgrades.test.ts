import { describe, expect, it } from 'vitest';
import { CLIENT_HEADS, headOctets } from '../support/client-heads.ts';
import { attempt, place } from '../support/smuggling.ts';

describe('the upgrade of every client that is known', () => {
  it.each(CLIENT_HEADS)('%s: the same 101 on every way', async (_client, lines) => {
    const octets = headOctets(lines).toString('latin1');
    const attached = await attempt(await place('attach'), [octets]);
    expect(attached.answer).toMatch(/^HTTP\/1\.1 101 /);
    const site = await place('listen');
    expect(await attempt(site, [octets])).toEqual(attached);
    // Where meerkat accepts by itself, none of them takes the longer way.
    const byHttp = process.env['MEERKAT_TRANSPORT'] === 'stream';
    expect(site.events.includes('connection')).toBe(byHttp);
  });
});
