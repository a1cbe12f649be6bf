import { beforeEach, describe, expect, it } from 'vitest';
import { expectNothingUnhandled } from '../../support/failures.ts';
import { observe } from '../../support/observed.ts';
import { CLOSE_1000 } from '../frame-row-list.ts';
import { INFLATED, REFUSED } from './compression-row-list.ts';
import { deflateSite, play, playAtEveryCut, type Side } from './deflate-line.ts';

// The rows of group C of the behaviour catalogue that are single streams, on TCP: to a server, and to a client.

beforeEach(expectNothingUnhandled);

const SIDES: readonly Side[] = ['server', 'client'];
const MESSAGE = '81 82 k 68 69';

describe.each(SIDES)('to a %s', (side) => {
  const id = side === 'server' ? '' : 'K8 ';

  it.each(titled(INFLATED))(`${id}%s is handed over`, async (_title, { notation, messages }) => {
    const site = await deflateSite(side);
    const outcome = await playAtEveryCut(site, `${notation} ${CLOSE_1000}`);
    observe(`${JSON.stringify(outcome.messages)}`);
    expect(outcome.messages).toEqual(messages);
    // Too short to be compressed, they come back as they are, and before the Close.
    expect(outcome.wire.filter((frame) => !frame.startsWith('pong'))).toHaveLength(
      messages.length + 1,
    );
    expect(outcome.wire.at(-1)).toBe('close 1000');
    expect(outcome.closed).toMatchObject({ code: 1000, clean: true, by: 'peer', rule: undefined });
  });

  it.each(titled(REFUSED))(
    `${id}%s is refused`,
    async (_title, { notation, code, rule, section }) => {
      const site = await deflateSite(side);
      const outcome = await playAtEveryCut(site, notation);
      const { reason } = outcome.closed;
      observe(outcome.wire.join(', '));
      expect(outcome).toEqual({
        wire: [`close ${code} (${reason})`],
        messages: [],
        closed: {
          code,
          reason: expect.stringMatching(/^[ -~]{3,123}$/),
          clean: false,
          by: 'local',
          because: 'violation',
          rule,
          section,
          limit: undefined,
        },
      });
      // Messages before the fault are handed over; what follows it is not looked at.
      const between = await play(site, ({ octets }) => [
        octets(`${MESSAGE} ${notation} ${MESSAGE}`),
      ]);
      expect(between.closed).toEqual(outcome.closed);
      expect(between.messages).toEqual(['hi']);
      expect(between.wire).toEqual(['text hi', `close ${code} (${reason})`]);
    },
  );

  // Two messages; the second one repeats what the first one left behind.
  const FIRST = 'c1 8b k ca 48 cd c9 c9 57 c8 00 91 00 00';
  const SECOND = 'c1 85 k ca 40 30 01 00';
  const forgets = `permessage-deflate; ${side}_no_context_takeover; ${peerOf(side)}_no_context_takeover`;

  it(`${id}C12 a peer that agreed to forget its context and reuses it is refused with 1007`, async () => {
    const site = await deflateSite(side);
    const outcome = await play(
      site,
      ({ octets }) => [octets(`${FIRST} ${SECOND} ${MESSAGE}`)],
      forgets,
    );
    observe(outcome.wire.join(', '));
    expect(outcome.messages).toEqual(['hello hello']);
    expect(outcome.wire).toEqual(['text hello hello', `close 1007 (${outcome.closed.reason})`]);
    expect(outcome.closed).toMatchObject({ code: 1007, rule: 'WS_DEFLATE_INVALID' });
  });

  it(`${id}C12 a peer that keeps its context may reuse it`, async () => {
    const compression = { clientNoContextTakeover: false, serverNoContextTakeover: false };
    const site = await deflateSite(side, { compression });
    const outcome = await play(
      site,
      ({ octets }) => [octets(`${FIRST} ${SECOND} ${SECOND} ${CLOSE_1000}`)],
      'permessage-deflate',
    );
    observe(outcome.messages.join(', '));
    expect(outcome.messages).toEqual(['hello hello', 'hello hello', 'hello hello']);
    expect(outcome.closed).toMatchObject({ code: 1000, clean: true });
  });

  it(`${id}C12 messages that are not compressed do not count for the context`, async () => {
    const compression = { clientNoContextTakeover: false, serverNoContextTakeover: false };
    const site = await deflateSite(side, { compression });
    const outcome = await play(
      site,
      ({ octets }) => [octets(`${FIRST} ${MESSAGE} ${SECOND} ${CLOSE_1000}`)],
      'permessage-deflate',
    );
    observe(outcome.messages.join(', '));
    expect(outcome.messages).toEqual(['hello hello', 'hi', 'hello hello']);
  });
});

/** With the title in front: as a `%s` it is neither quoted nor cut. */
function titled<Row extends { readonly title: string }>(rows: readonly Row[]): [string, Row][] {
  return rows.map((one) => [one.title, one]);
}

function peerOf(side: Side): Side {
  return side === 'server' ? 'client' : 'server';
}
