import { ManualClock, RawPeer } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import { Heartbeat } from '../../src/connection/heartbeat.ts';
import { frame, PONG, TEXT } from '../support/frames.ts';
import { upgradeRequest } from '../support/handshake.ts';
import { observe } from '../support/observed.ts';
import { serve } from '../support/serving.ts';
import { turn, turns } from '../support/waiting.ts';
import { open, texts } from './opening.ts';

interface Beating {
  readonly clock: ManualClock;
  readonly heartbeat: Heartbeat;
  /** When it pinged. */
  readonly pings: number[];
  deaths: number;
  reading: boolean;
}

function beat(pingInterval = 25_000, pongTimeout = 20_000): Beating {
  const clock = new ManualClock();
  const heartbeat = new Heartbeat({ pingInterval, pongTimeout }, clock, {
    pingDue: () => beating.pings.push(clock.now()),
    peerDead: () => {
      beating.deaths += 1;
    },
    get reading() {
      return beating.reading;
    },
  });
  const beating: Beating = { clock, heartbeat, pings: [], deaths: 0, reading: true };
  heartbeat.start();
  return beating;
}

/** Moves the clock in small steps; the peer answers every ping at once. */
function live(beating: Beating, milliseconds: number): void {
  for (let passed = 0; passed < milliseconds; passed += 100) {
    const before = beating.pings.length;
    beating.clock.advance(100);
    if (beating.pings.length > before) beating.heartbeat.heard();
  }
}

describe('Heartbeat', () => {
  it('pings every 25 s ±10 %, each connection at its own pace', () => {
    const firsts: number[] = [];
    for (let count = 0; count < 200; count += 1) {
      const beating = beat();
      beating.clock.advance(27_500);
      firsts.push(beating.pings[0] ?? Number.NaN);
      beating.heartbeat.stop();
    }
    expect(Math.min(...firsts)).toBeGreaterThanOrEqual(22_500);
    expect(Math.max(...firsts)).toBeLessThanOrEqual(27_500);
    expect(Math.max(...firsts) - Math.min(...firsts)).toBeGreaterThan(2_500);
  });

  it('goes on at the pace it began with', () => {
    const beating = beat();
    live(beating, 300_000);
    const [first = 0] = beating.pings;
    expect(beating.pings.length).toBeGreaterThanOrEqual(10);
    beating.pings.forEach((at, index) => {
      expect(Math.abs(at - first * (index + 1))).toBeLessThan(1);
    });
    expect(beating.deaths).toBe(0);
    beating.heartbeat.stop();
  });

  it('finds a peer dead 20 s after a ping, once', async () => {
    const beating = beat();
    beating.clock.advance(27_500);
    const since = beating.clock.now() - (beating.pings[0] ?? 0);
    beating.clock.advance(19_999 - since);
    await turns();
    expect(beating.deaths).toBe(0);
    beating.clock.advance(1);
    await turns();
    expect(beating.deaths).toBe(1);
    expect(beating.pings).toHaveLength(1);
    beating.clock.advance(100_000);
    await turns();
    expect([beating.deaths, beating.clock.pending]).toEqual([1, 0]);
  });

  it('takes anything it hears after a ping as life', async () => {
    const beating = beat();
    beating.clock.advance(27_500);
    beating.heartbeat.heard();
    beating.clock.advance(27_500);
    await turns();
    expect([beating.deaths, beating.pings.length]).toEqual([0, 2]);
    beating.heartbeat.stop();
  });

  it('does not take what it heard before the ping as an answer', async () => {
    const beating = beat();
    beating.clock.advance(22_000);
    beating.heartbeat.heard();
    beating.clock.advance(26_000);
    await turns();
    expect([beating.deaths, beating.pings.length]).toEqual([1, 1]);
  });

  it('finds nobody dead while it does not read', async () => {
    const beating = beat();
    beating.reading = false;
    beating.clock.advance(27_500);
    beating.clock.advance(1_000_000);
    await turns();
    expect(beating.deaths).toBe(0);
    // From the moment it reads again, the peer has all of the time again.
    beating.reading = true;
    beating.heartbeat.excuse();
    beating.clock.advance(19_999);
    await turns();
    expect(beating.deaths).toBe(0);
    beating.clock.advance(1);
    await turns();
    expect(beating.deaths).toBe(1);
  });

  it('a pause that ends just before the verdict excuses too', async () => {
    const beating = beat();
    beating.clock.advance(27_500);
    const since = beating.clock.now() - (beating.pings[0] ?? 0);
    beating.reading = false;
    beating.clock.advance(19_999 - since);
    beating.reading = true;
    beating.heartbeat.excuse();
    beating.clock.advance(19_999);
    await turns();
    expect(beating.deaths).toBe(0);
    beating.heartbeat.heard();
    beating.clock.advance(1);
    await turns();
    expect(beating.deaths).toBe(0);
    beating.heartbeat.stop();
  });

  it('looks once more after the loop was blocked: what is heard until then is life (R7)', async () => {
    const beating = beat();
    beating.clock.advance(60_000);
    expect(beating.deaths).toBe(0);
    beating.heartbeat.heard(); // the socket is read in the turn after the timers
    await turns();
    expect([beating.deaths, beating.pings.length]).toEqual([0, 2]);
    beating.heartbeat.stop();
  });

  it('is off with a pingInterval of 0', async () => {
    const beating = beat(0);
    beating.heartbeat.heard();
    beating.heartbeat.excuse();
    beating.clock.advance(1_000_000);
    await turns();
    expect([beating.pings, beating.deaths, beating.clock.pending]).toEqual([[], 0, 0]);
    beating.heartbeat.stop();
  });

  it('waits for the verdict on one ping before the next, where the interval is the shorter', async () => {
    const beating = beat(1_000, 5_000);
    beating.clock.advance(5_000);
    expect(beating.pings).toHaveLength(1);
    beating.heartbeat.heard();
    beating.clock.advance(1_200);
    expect(beating.pings).toHaveLength(2);
    beating.clock.advance(5_000);
    await turns();
    expect(beating.deaths).toBe(1);
  });

  it('stop keeps no timer, nor a verdict that was about to be given', async () => {
    const idle = beat();
    idle.heartbeat.stop();
    expect(idle.clock.pending).toBe(0);
    const dying = beat();
    dying.clock.advance(60_000);
    dying.heartbeat.stop();
    await turns();
    expect([dying.deaths, dying.clock.pending]).toEqual([0, 0]);
    const between = beat();
    between.clock.advance(60_000);
    await turn();
    between.heartbeat.stop();
    await turns();
    expect([between.deaths, between.clock.pending]).toEqual([0, 0]);
  });

  it('may be stopped by the ping itself', () => {
    const clock = new ManualClock();
    const heartbeat: Heartbeat = new Heartbeat({ pingInterval: 1_000, pongTimeout: 1_000 }, clock, {
      pingDue: () => heartbeat.stop(),
      peerDead: () => {},
      reading: true,
    });
    heartbeat.start();
    clock.advance(1_100);
    expect(clock.pending).toBe(0);
  });
});

describe('the heartbeat of a connection', () => {
  it('sends an empty ping, and goes on with one that is answered', async () => {
    const { connection, transport, clock, sent } = open();
    clock.advance(27_500);
    await turn();
    expect(sent()).toEqual(['ping']);
    transport.receive(frame(PONG, ''));
    clock.advance(27_500);
    await turns();
    expect(sent()).toEqual(['ping', 'ping']);
    expect(connection.state).toBe('open');
    connection.terminate();
    await connection.closed;
    expect(clock.pending).toBe(0);
  });

  it('R3 closes a connection whose peer is silent for 20 s after a ping', async () => {
    const { connection, transport, clock, closes, sent } = open();
    clock.advance(27_500);
    clock.advance(20_000);
    await turns();
    expect(transport.destroyed).toBe(true);
    expect(closes).toMatchObject([
      {
        code: 1006,
        clean: false,
        by: 'local',
        because: 'pongTimeout',
        phase: 'open',
        sent: undefined,
      },
    ]);
    expect([sent(), connection.state, clock.pending]).toEqual([['ping'], 'closed', 0]);
  });

  it('takes any octet as life, even one in the middle of a frame', async () => {
    const { connection, transport, clock } = open();
    clock.advance(27_500);
    transport.receive(frame(TEXT, 'slow').subarray(0, 1));
    clock.advance(20_000);
    await turns();
    expect(connection.state).toBe('open');
    connection.terminate();
  });

  it('excuses a peer whom it does not read', async () => {
    const { connection, transport, clock } = open({
      maxInboxMessages: 1,
      open: () => new Promise(() => {}),
    });
    transport.receive(texts('a'));
    expect(transport.paused).toBe(true);
    clock.advance(200_000);
    await turns();
    expect(connection.state).toBe('open');
    // Somebody takes the message, so reading goes on: the peer has its time again.
    for await (const message of connection) {
      expect(message).toBe('a');
      break;
    }
    expect(transport.paused).toBe(false);
    clock.advance(19_999);
    await turns();
    expect(connection.state).toBe('open');
    connection.terminate();
  });

  it('excuses a peer whom it reads again because nobody takes its messages', async () => {
    const { connection, transport, clock, closes } = open({
      maxInboxMessages: 1,
      closeTimeout: 100_000,
      message: () => new Promise<void>(() => {}),
      ping: () => Promise.reject(new Error('mine')) as unknown as undefined,
    });
    clock.advance(27_500);
    transport.receive(texts('a', 'b'));
    clock.advance(200_000);
    await turns();
    expect([connection.state, closes.length]).toEqual(['open', 0]);
    connection.terminate();
  });

  it('is off with a pingInterval of 0', async () => {
    const { connection, clock, sent } = open({ pingInterval: 0 });
    expect(clock.pending).toBe(0);
    clock.advance(1_000_000);
    await turns();
    expect([sent(), connection.state]).toEqual([[], 'open']);
  });

  it('R7 a blocked loop is no death: the pong is in the socket already', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock });
    const peer = await RawPeer.connect(site.port);
    await peer.sendText(upgradeRequest());
    await peer.takeHead();
    const [connection] = site.opened;
    clock.advance(27_500);
    expect(await peer.take(2)).toBe('89 00');
    // Within one turn: the pong reaches the server's socket, and its time is over before it could be read.
    void peer.send(frame(PONG, ''));
    clock.advance(60_000);
    await turns();
    observe(`60 s late, with its Pong in the socket: ${connection?.state}`);
    expect(connection?.state).toBe('open');
    // The next one goes unanswered.
    expect(await peer.take(2)).toBe('89 00');
    clock.advance(60_000);
    expect(await connection?.closed).toMatchObject({ because: 'pongTimeout' });
    await peer.close();
  });
});
