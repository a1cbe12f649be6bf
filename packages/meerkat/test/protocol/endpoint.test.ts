import { describe, expect, it } from 'vitest';
import { maxCompressedBytes } from '../../src/protocol/limits.ts';
import { Opcode } from '../../src/protocol/opcode.ts';
import { ProtocolError, violationCodes } from '../../src/protocol/protocol-error.ts';
import type { Role } from '../../src/protocol/role.ts';
import { misuse } from './support/faults.ts';
import { hex, octetByOctet, octets, pattern, utf8 } from './support/octets.ts';
import { RecordingEndpoint, type RecordingSetup, TEST_KEY } from './support/recording-endpoint.ts';
import { closePayload, decodeFrames, encodeFrame } from './support/reference-frame.ts';

const FIN = 0x80;

/** The octets with which the peer of `role` sends a frame: masked with zeros where it is a client. */
function fromPeer(role: Role, head: number, payload: Uint8Array | string = ''): Uint8Array {
  const given = typeof payload === 'string' ? utf8(payload) : payload;
  return encodeFrame({ head, payload: given, key: role === 'server' ? 0 : undefined });
}

const peersClose = (role: Role, code: number, reason = '') =>
  fromPeer(role, FIN | Opcode.Close, closePayload(code, reason));

/** What was sent, each frame as its head and its payload. */
const sentFrames = (recording: RecordingEndpoint): string[] =>
  decodeFrames(recording.wire).map(({ head, payload }) =>
    `${head.toString(16)} ${hex(payload)}`.trimEnd(),
  );

describe('the exchange of the founding document', () => {
  it('is an echo: masked from the browser, unmasked from the server', () => {
    const server: RecordingEndpoint = new RecordingEndpoint('server', {
      on: { textMessage: (text) => server.endpoint.sendText(text) },
    });
    server.receive('81 8c ed 7f 06 db a5 1a 6a b7 82 5f 51 b4 9f 13 62 fa');
    expect(server.events).toEqual(['text Hello World!']);
    expect(server.sent).toEqual(['81 0c 48 65 6c 6c 6f 20 57 6f 72 6c 64 21']);
  });
});

describe('a client', () => {
  it('sends and reads the examples of RFC 6455 §5.7', () => {
    const client = new RecordingEndpoint('client');
    client.receive('81 05 48 65 6c 6c 6f', '01 03 48 65 6c', '80 02 6c 6f', '89 05 48 65 6c 6c 6f');
    expect(client.events).toEqual(['text Hello', 'text Hello', 'ping 48 65 6c 6c 6f']);
    expect(client.sent).toEqual(['8a 85 37 fa 21 3d 7f 9f 4d 51 58']);
    client.endpoint.sendText('Hello');
    expect(client.sent[1]).toBe('81 85 37 fa 21 3d 7f 9f 4d 51 58');
  });
});

describe.each<[Role]>([['server'], ['client']])('a %s: messages', (role) => {
  it('are sent as one frame, text and binary', () => {
    const recording = new RecordingEndpoint(role);
    expect(recording.endpoint.sendText('é')).toBe(true);
    expect(recording.endpoint.sendBinary(octets('01 02'))).toBe(true);
    expect(recording.endpoint.sendBinary(octets(''))).toBe(true);
    expect(sentFrames(recording)).toEqual(['81 c3 a9', '82 01 02', '82']);
  });

  it('are masked by clients and by nobody else (§5.1)', () => {
    const recording = new RecordingEndpoint(role);
    recording.endpoint.sendText('a');
    recording.endpoint.sendBinary(octets('01'));
    recording.endpoint.ping(octets('02'));
    recording.endpoint.close(1000, '');
    const keys = decodeFrames(recording.wire).map(({ key }) => key);
    expect(keys).toEqual(Array(4).fill(role === 'client' ? TEST_KEY : undefined));
  });

  it('are reported with what they took on the wire', () => {
    const bytes: number[] = [];
    const on = { textMessage: (_text: string, length: number) => bytes.push(length) };
    const recording = new RecordingEndpoint(role, { on });
    recording.receive(fromPeer(role, FIN | Opcode.Text, '€'), fromPeer(role, FIN | Opcode.Text));
    recording.receive(...octetByOctet(fromPeer(role, FIN | Opcode.Text, '€€')));
    expect(bytes).toEqual([3, 0, 6]);
  });

  it('are reported when their last frame is complete, controls between their frames at once (§5.4)', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(fromPeer(role, Opcode.Text, 'a'), fromPeer(role, FIN | Opcode.Ping, 'p'));
    expect(recording.events).toEqual(['ping 70']);
    expect(sentFrames(recording)).toEqual(['8a 70']);
    recording.receive(fromPeer(role, FIN | Opcode.Continuation, 'b'));
    expect(recording.events).toEqual(['ping 70', 'text ab']);
  });

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 65_537])('of %i octets are taken', (length) => {
    // 65,537 is the limit here.
    const recording = new RecordingEndpoint(role, { limits: { maxMessageBytes: 65_537 } });
    recording.receive(fromPeer(role, FIN | Opcode.Binary, pattern(length)));
    recording.receive(
      fromPeer(role, Opcode.Binary, pattern(length)),
      fromPeer(role, FIN | Opcode.Continuation),
    );
    const wanted = `binary ${hex(pattern(length))}`.trimEnd();
    expect(recording.events).toEqual([wanted, wanted]);
  });

  it('of one octet more than the limit are refused with 1009, before any of it has come', () => {
    const recording = new RecordingEndpoint(role);
    const header = fromPeer(role, FIN | Opcode.Binary, new Uint8Array(1_048_577)).slice(0, 10);
    recording.receive(header);
    expect(recording.events).toEqual(['failed WS_MESSAGE_TOO_BIG']);
    expect(sentFrames(recording)[0]).toMatch(/^88 03 f1/);
  });

  it('of a type that is not accepted are refused with 1003', () => {
    const recording = new RecordingEndpoint(role, { messageTypes: 'text' });
    recording.receive(fromPeer(role, FIN | Opcode.Binary, 'a'));
    expect(recording.events).toEqual(['failed WS_MESSAGE_TYPE_REFUSED']);
    expect(sentFrames(recording)[0]).toMatch(/^88 03 eb/);
  });
});

describe.each<[Role]>([['server'], ['client']])('a %s: pings (§5.5.2)', (role) => {
  const ping = (payload = '') => fromPeer(role, FIN | Opcode.Ping, payload);
  const pong = (payload = '') => fromPeer(role, FIN | Opcode.Pong, payload);

  it('are answered with their own payload, before the handler hears of them', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(ping('abc'), ping());
    expect(recording.log.map((entry) => entry.split(' ', 1)[0])).toEqual([
      ...['sent', 'ping'],
      ...['sent', 'ping'],
    ]);
    expect(sentFrames(recording)).toEqual(['8a 61 62 63', '8a']);
  });

  it('of 125 octets are answered', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(ping('p'.repeat(125)));
    expect(sentFrames(recording)).toEqual([`8a ${hex(utf8('p'.repeat(125)))}`]);
  });

  it('are answered in pieces as well, with what was unmasked', () => {
    const recording = new RecordingEndpoint(role);
    const frame = encodeFrame({
      head: 0x89,
      payload: utf8('abc'),
      key: role === 'server' ? 0x37fa213d : undefined,
    });
    recording.receive(...octetByOctet(frame));
    expect(sentFrames(recording)).toEqual(['8a 61 62 63']);
  });

  it('leave one Pong waiting, the latest, while earlier output has not left (§5.5.3)', () => {
    const recording = new RecordingEndpoint(role);
    recording.output.congested = true;
    for (let n = 0; n < 100; n += 1) recording.receive(ping(`${n}`));
    expect(recording.sent).toEqual([]);
    recording.output.congested = false;
    recording.endpoint.drained();
    expect(sentFrames(recording)).toEqual([`8a ${hex(utf8('99'))}`]);
    recording.endpoint.drained();
    expect(recording.sent).toHaveLength(1);
  });

  it('have a waiting Pong that is a copy: the memory of the Ping may change', () => {
    const recording = new RecordingEndpoint(role);
    recording.output.congested = true;
    const memory = ping('abc');
    recording.endpoint.receive(memory, 0, memory.length);
    memory.fill(0);
    recording.endpoint.drained();
    expect(sentFrames(recording)).toEqual(['8a 61 62 63']);
  });

  it('are not answered out of order: a Pong that still waits gives way to a later one', () => {
    const recording = new RecordingEndpoint(role);
    recording.output.congested = true;
    recording.receive(ping('a'));
    recording.output.congested = false;
    recording.receive(ping('b'));
    recording.endpoint.drained();
    expect(sentFrames(recording)).toEqual(['8a 62']);
  });

  it('are answered neither after our Close nor after theirs (§5.5.1)', () => {
    const closing = new RecordingEndpoint(role);
    closing.endpoint.close(1000, '');
    closing.receive(ping('a'));
    expect(closing.events).toEqual(['ping 61']);
    expect(sentFrames(closing)).toEqual(['88 03 e8']);

    const closed = new RecordingEndpoint(role);
    closed.receive(peersClose(role, 1000), ping('a'));
    expect(closed.events).toEqual(['close 1000']);
    expect(closed.sent).toEqual([]);
  });

  it.each<[string, (recording: RecordingEndpoint) => void]>([
    ['our Close', (recording) => recording.endpoint.close(1000, '')],
    ['their Close', (recording) => recording.receive(peersClose(role, 1000))],
    ['a failure', (recording) => recording.receive(fromPeer(role, 0x83))],
    ['the end of the transport', (recording) => recording.endpoint.transportEnd()],
  ])('leave no Pong waiting beyond %s', (_what, end) => {
    const recording = new RecordingEndpoint(role);
    recording.output.congested = true;
    recording.receive(ping('a'));
    end(recording);
    const sent = recording.sent.length;
    recording.endpoint.drained();
    expect(recording.sent).toHaveLength(sent);
  });

  it('are reported when they are Pongs, asked for or not, and not answered (§5.5.3)', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(pong('x'), pong());
    expect(recording.events).toEqual(['pong 78', 'pong']);
    expect(recording.sent).toEqual([]);
  });

  it('and Pongs of ours are sent while the connection is open, and not after', () => {
    const recording = new RecordingEndpoint(role);
    expect(recording.endpoint.ping(octets('01'))).toBe(true);
    expect(recording.endpoint.pong(new Uint8Array(125))).toBe(true);
    expect(sentFrames(recording)[0]).toBe('89 01');
    recording.receive(peersClose(role, 1000));
    expect(recording.endpoint.ping(octets('01'))).toBe(false);
    expect(recording.endpoint.pong(octets('01'))).toBe(false);
    expect(recording.sent).toHaveLength(2);
  });

  it('of more than 125 octets are a fault of the caller, whatever the state', () => {
    const { endpoint, sent } = new RecordingEndpoint(role);
    for (const state of ['open', 'closed'] as const) {
      expect(() => endpoint.ping(new Uint8Array(126))).toThrow(misuse('MEERKAT_CONTROL_PAYLOAD'));
      expect(() => endpoint.pong(new Uint8Array(126))).toThrow(misuse('MEERKAT_CONTROL_PAYLOAD'));
      expect(endpoint.state).toBe(state);
      endpoint.transportEnd();
    }
    expect(sent).toEqual([]);
  });
});

describe.each<[Role]>([['server'], ['client']])('a %s: the rate of control frames', (role) => {
  const limits = { maxControlFramesPerSecond: 10, controlFrameBurst: 3 };
  const ping = fromPeer(role, FIN | Opcode.Ping);
  const pong = fromPeer(role, FIN | Opcode.Pong);

  it('lets a burst through and answers one more with 1008, Pings and Pongs together', () => {
    const recording = new RecordingEndpoint(role, { limits });
    recording.receive(ping, pong, ping);
    expect(recording.events).toEqual(['ping', 'pong', 'ping']);
    recording.receive(pong);
    expect(recording.events.at(-1)).toBe('failed WS_CONTROL_RATE');
    expect(sentFrames(recording).at(-1)).toMatch(/^88 03 f0/);
  });

  it('lets the sustained rate through, by the given clock', () => {
    const recording = new RecordingEndpoint(role, { limits });
    recording.now = 1e6;
    recording.receive(ping, ping, ping);
    for (let n = 0; n < 50; n += 1) {
      recording.now += 100;
      recording.receive(ping);
    }
    expect(recording.events).toHaveLength(53);
    recording.receive(ping);
    expect(recording.events.at(-1)).toBe('failed WS_CONTROL_RATE');
  });

  it('does not count messages, nor the Close', () => {
    const recording = new RecordingEndpoint(role, { limits });
    for (let n = 0; n < 100; n += 1) recording.receive(fromPeer(role, FIN | Opcode.Text));
    recording.receive(ping, ping, ping, peersClose(role, 1000));
    expect(recording.events.at(-1)).toBe('close 1000');
  });

  it('is 1,000 a second after 2,000 at once by default', () => {
    const recording = new RecordingEndpoint(role);
    for (let n = 0; n < 2_000; n += 1) recording.receive(ping);
    recording.now = 1;
    recording.receive(ping);
    expect(recording.events).toHaveLength(2_001);
    recording.receive(ping);
    expect(recording.events.at(-1)).toBe('failed WS_CONTROL_RATE');
  });
});

describe.each<[Role]>([['server'], ['client']])('a %s: the closing handshake (§7.1.2)', (role) => {
  it('begun by us: our Close, then theirs', () => {
    const recording = new RecordingEndpoint(role);
    expect(recording.endpoint.close(1001, 'bye')).toBe(true);
    expect(recording.endpoint.state).toBe('closeSent');
    expect(sentFrames(recording)).toEqual(['88 03 e9 62 79 65']);
    recording.receive(peersClose(role, 1001));
    expect(recording.endpoint.state).toBe('closed');
    expect(recording.events).toEqual(['close 1001']);
    expect(recording.sent).toHaveLength(1);
  });

  it('begun by the peer: theirs, then our echo of the code', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(peersClose(role, 4000, 'why'));
    expect(recording.endpoint.state).toBe('closeReceived');
    expect(recording.events).toEqual(['close 4000 why']);
    expect(recording.endpoint.answerClose({ code: 4000, reason: 'why' })).toBe(true);
    expect(recording.endpoint.state).toBe('closed');
    expect(sentFrames(recording)).toEqual(['88 0f a0']);
  });

  it('begun by the peer with an empty Close is answered with an empty one; 1005 stands for it', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(fromPeer(role, FIN | Opcode.Close));
    expect(recording.events).toEqual(['close 1005']);
    recording.endpoint.answerClose({ code: 1005, reason: '' });
    expect(sentFrames(recording)).toEqual(['88']);
  });

  it('crossed: both sent a Close before they saw the other', () => {
    const recording = new RecordingEndpoint(role);
    recording.endpoint.close(1000, '');
    recording.receive(peersClose(role, 1001));
    expect(recording.endpoint.state).toBe('closed');
    expect(recording.endpoint.answerClose({ code: 1001, reason: '' })).toBe(false);
    expect(sentFrames(recording)).toEqual(['88 03 e8']);
  });

  it('may be answered by us with another code', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(peersClose(role, 1000));
    expect(recording.endpoint.close(1011, '')).toBe(true);
    expect(recording.endpoint.state).toBe('closed');
    expect(sentFrames(recording)).toEqual(['88 03 f3']);
  });

  it('may be answered from within the handler', () => {
    const recording: RecordingEndpoint = new RecordingEndpoint(role, {
      on: { closeReceived: (close) => recording.endpoint.answerClose(close) },
    });
    recording.receive(peersClose(role, 1000));
    expect(recording.log).toHaveLength(2);
    expect(recording.endpoint.state).toBe('closed');
  });

  it('lets messages be sent until our Close, so after theirs too (§5.5.1)', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(peersClose(role, 1000));
    expect(recording.endpoint.maySend).toBe(true);
    expect(recording.endpoint.sendText('late')).toBe(true);
    recording.endpoint.answerClose({ code: 1000, reason: '' });
    expect(recording.endpoint.maySend).toBe(false);
    expect(sentFrames(recording)).toEqual([`81 ${hex(utf8('late'))}`, '88 03 e8']);
  });

  it('still reports what the peer sent before its Close, and nothing behind it', () => {
    const recording = new RecordingEndpoint(role);
    recording.endpoint.close(1000, '');
    recording.receive(
      fromPeer(role, FIN | Opcode.Text, 'before'),
      peersClose(role, 1000),
      fromPeer(role, FIN | Opcode.Text, 'behind'),
      peersClose(role, 1001),
      octets('ff ff ff'),
    );
    expect(recording.events).toEqual(['text before', 'close 1000']);
  });

  it('ignores what is behind the Close in the same chunk', () => {
    const chunk = Buffer.concat([peersClose(role, 1000), fromPeer(role, 0x83)]);
    const recording = new RecordingEndpoint(role).receive(new Uint8Array(chunk));
    expect(recording.events).toEqual(['close 1000']);
    expect(recording.endpoint.state).toBe('closeReceived');
  });

  it('in the middle of a fragmented message drops the message', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(fromPeer(role, Opcode.Text, 'a'), peersClose(role, 1000));
    recording.receive(fromPeer(role, FIN | Opcode.Continuation, 'b'));
    expect(recording.events).toEqual(['close 1000']);
  });

  it('happens once: a second Close of ours stays off the wire', () => {
    const recording = new RecordingEndpoint(role);
    recording.endpoint.close(1000, '');
    expect(recording.endpoint.close(1001, '')).toBe(false);
    recording.receive(peersClose(role, 1000));
    expect(recording.endpoint.close(1001, '')).toBe(false);
    expect(recording.sent).toHaveLength(1);
  });

  it('is not begun with a code or reason that may not be sent: nothing happens at all', () => {
    const recording = new RecordingEndpoint(role);
    for (const [code, reason] of [
      [1006, ''],
      [999, ''],
      [1000, 'r'.repeat(124)],
      [1005, 'r'],
    ] as const) {
      expect(() => recording.endpoint.close(code, reason)).toThrow(
        misuse('MEERKAT_CLOSE_ARGUMENT'),
      );
    }
    expect(recording.endpoint.state).toBe('open');
    expect(recording.log).toEqual([]);
  });

  it.each([
    ['one octet', '03', 'WS_CLOSE_PAYLOAD_LENGTH', '03 ea'],
    ['code 1005', '03 ed', 'WS_CLOSE_CODE_INVALID', '03 ea'],
    ['a reason that is not UTF-8', '03 e8 ff', 'WS_CLOSE_REASON_UTF8', '03 ef'],
    ['a bad code and a bad reason', '03 ed ff', 'WS_CLOSE_CODE_INVALID', '03 ea'],
  ])('fails on a Close with %s', (_what, payload, code, answer) => {
    const recording = new RecordingEndpoint(role);
    recording.receive(fromPeer(role, FIN | Opcode.Close, octets(payload)));
    expect(recording.events).toEqual([`failed ${code}`]);
    expect(sentFrames(recording)[0]?.startsWith(`88 ${answer}`)).toBe(true);
    expect(recording.endpoint.state).toBe('closed');
  });
});

describe.each<[Role]>([['server'], ['client']])('a %s: failing the connection (§7.1.7)', (role) => {
  const wrong = fromPeer(role, 0x83);

  it('sends one Close with the code and the rule, then reports it, and reads no more', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(fromPeer(role, FIN | Opcode.Text, 'good'), wrong);
    recording.receive(fromPeer(role, FIN | Opcode.Text, 'more'), wrong, peersClose(role, 1000));
    expect(recording.events).toEqual(['text good', 'failed WS_OPCODE_RESERVED']);
    expect(recording.log.map((entry) => entry.split(' ', 1)[0])).toEqual([
      'text',
      'sent',
      'failed',
    ]);
    const [close] = decodeFrames(recording.wire);
    expect(close?.head).toBe(0x88);
    expect(hex(close?.payload.slice(0, 2) as Uint8Array)).toBe('03 ea');
    const { message } = new ProtocolError('WS_OPCODE_RESERVED', '0x3');
    expect(Buffer.from(close?.payload.slice(2) as Uint8Array).toString()).toBe(message);
    expect(recording.endpoint.state).toBe('closed');
  });

  it('sends no second Close where ours is out already', () => {
    const recording = new RecordingEndpoint(role);
    recording.endpoint.close(1000, '');
    recording.receive(wrong);
    expect(recording.events).toEqual(['failed WS_OPCODE_RESERVED']);
    expect(sentFrames(recording)).toEqual(['88 03 e8']);
    expect(recording.endpoint.state).toBe('closed');
  });

  it('sends nothing after its Close, whatever is asked for', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(wrong);
    const { endpoint } = recording;
    expect(endpoint.maySend).toBe(false);
    expect(endpoint.sendText('a')).toBe(false);
    expect(endpoint.sendBinary(octets('01'))).toBe(false);
    expect(endpoint.ping(octets(''))).toBe(false);
    expect(endpoint.pong(octets(''))).toBe(false);
    expect(endpoint.close(1000, '')).toBe(false);
    expect(endpoint.answerClose({ code: 1000, reason: '' })).toBe(false);
    endpoint.drained();
    expect(recording.sent).toHaveLength(1);
  });

  it('may be asked for by somebody else, once', () => {
    const recording = new RecordingEndpoint(role);
    expect(recording.endpoint.fail(new ProtocolError('WS_MESSAGE_TOO_BIG'))).toBe(true);
    expect(recording.endpoint.fail(new ProtocolError('WS_TEXT_UTF8'))).toBe(false);
    expect(recording.events).toEqual(['failed WS_MESSAGE_TOO_BIG']);
    expect(recording.sent).toHaveLength(1);
  });

  it('asked for from within a handler, lets nothing behind it be reported', () => {
    const recording: RecordingEndpoint = new RecordingEndpoint(role, {
      on: { textMessage: () => recording.endpoint.fail(new ProtocolError('WS_TEXT_UTF8')) },
    });
    const text = fromPeer(role, FIN | Opcode.Text, 'a');
    recording.receive(new Uint8Array(Buffer.concat([text, text, wrong])));
    expect(recording.events).toEqual(['text a', 'failed WS_TEXT_UTF8']);
  });

  it('after the Close of the peer answers it with the fault', () => {
    const recording = new RecordingEndpoint(role);
    recording.receive(peersClose(role, 1000));
    recording.endpoint.fail(new ProtocolError('WS_TEXT_UTF8'));
    expect(sentFrames(recording)[0]).toMatch(/^88 03 ef/);
    expect(recording.endpoint.state).toBe('closed');
  });

  it.each(violationCodes)('sends a Close that the peer may read, for %s', (code) => {
    const recording = new RecordingEndpoint(role);
    const error = new ProtocolError(code);
    recording.endpoint.fail(error);
    const peer = new RecordingEndpoint(role === 'server' ? 'client' : 'server');
    peer.receive(recording.wire);
    expect(peer.events).toEqual([`close ${error.closeCode} ${error.message}`]);
  });

  it.each([
    ['longer than a Close frame', 'x'.repeat(200)],
    ['of several octets a character', '€'.repeat(100)],
    ['of which the limit cuts a character in two', `x${'😀'.repeat(40)}`],
  ])('cuts a reason %s to 123 octets', (_what, detail) => {
    const recording = new RecordingEndpoint(role);
    const error = new ProtocolError('WS_TEXT_UTF8', detail);
    expect(recording.endpoint.fail(error)).toBe(true);
    expect(recording.events).toEqual(['failed WS_TEXT_UTF8']);
    const [close] = decodeFrames(recording.wire);
    const reason = Buffer.from(close?.payload.slice(2) as Uint8Array).toString();
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
    expect(Buffer.byteLength(reason)).toBeGreaterThan(118);
    expect(error.message.startsWith(reason)).toBe(true);
  });
});

describe.each<[Role]>([['server'], ['client']])('a %s: the end of the transport', (role) => {
  it.each<[string, (recording: RecordingEndpoint) => void, string]>([
    ['while open', () => {}, 'open'],
    ['after our Close', (recording) => recording.endpoint.close(1000, ''), 'closeSent'],
    ['after theirs', (recording) => recording.receive(peersClose(role, 1000)), 'closeReceived'],
    ['after a failure', (recording) => recording.receive(fromPeer(role, 0x83)), 'closed'],
  ])('%s ends everything, and tells what it interrupted', (_when, before, state) => {
    const recording = new RecordingEndpoint(role);
    before(recording);
    const log = [...recording.log];
    expect(recording.endpoint.transportEnd()).toBe(state);
    expect(recording.endpoint.state).toBe('closed');
    expect(recording.endpoint.transportEnd()).toBe('closed');
    recording.receive(fromPeer(role, FIN | Opcode.Text, 'late'), fromPeer(role, 0x83));
    expect(recording.endpoint.sendText('late')).toBe(false);
    expect(recording.endpoint.close(1000, '')).toBe(false);
    expect(recording.endpoint.fail(new ProtocolError('WS_TEXT_UTF8'))).toBe(false);
    expect(recording.log).toEqual(log);
  });

  it('from within a handler lets nothing behind it be reported', () => {
    const recording: RecordingEndpoint = new RecordingEndpoint(role, {
      on: { binaryMessage: () => recording.endpoint.transportEnd() },
    });
    const message = fromPeer(role, FIN | Opcode.Binary, 'a');
    recording.receive(new Uint8Array(Buffer.concat([message, message])));
    expect(recording.events).toEqual(['binary 61']);
  });
});

describe('what is no fault of the peer', () => {
  const fault = new Error('of the application');
  const fail = () => {
    throw fault;
  };

  it('passes through: an exception of a handler is for the driver to catch', () => {
    const recording = new RecordingEndpoint('client', { on: { textMessage: fail } });
    expect(() => recording.receive('81 01 61')).toThrow(fault);
    expect(recording.endpoint.state).toBe('open');
    expect(recording.endpoint.sendText('a')).toBe(true);
  });

  it('ends the reading: how much of the chunk was lost depends on where it was cut', () => {
    const outcome = (chunks: readonly Uint8Array[]): string[] => {
      const recording = new RecordingEndpoint('client', { on: { textMessage: fail } });
      for (const chunk of chunks) {
        try {
          recording.receive(chunk);
        } catch (error) {
          recording.log.push(`thrown ${String(error)}`);
        }
      }
      return recording.log;
    };
    const stream = octets('82 01 01 81 01 61 82 05 00 82 01 02 03 89 00');
    const whole = outcome([stream, octets('89 00')]);
    expect(whole).toEqual(['binary 01', 'text a', `thrown ${String(fault)}`]);
    expect(outcome(octetByOctet(stream))).toEqual(whole);
  });
});

describe('an endpoint with compression (RFC 7692 §6)', () => {
  const compressing = (role: Role, setup: RecordingSetup = {}) =>
    new RecordingEndpoint(role, { compression: true, ...setup });

  it('reports a compressed message whole, whatever it was cut into', () => {
    const stream = octets('c1 03 ca4800 42 01 01 89 00 00 00 80 01 02 c2 00 81 01 61');
    const wanted = [
      'compressed text ca 48 00',
      'ping',
      'compressed binary 01 02',
      'compressed binary',
      'text a',
    ];
    expect(compressing('client').receive(stream).events).toEqual(wanted);
    expect(compressing('client').receive(...octetByOctet(stream)).events).toEqual(wanted);
  });

  it('sets RSV1 on what is sent compressed, and on nothing else', () => {
    const recording = compressing('server');
    const { endpoint } = recording;
    expect(endpoint.sendCompressed(Opcode.Text, octets('ca 00'))).toBe(true);
    expect(endpoint.sendCompressed(Opcode.Binary, octets('ca'))).toBe(true);
    endpoint.sendText('a');
    endpoint.sendTextOctets(octets('c3 a9'));
    endpoint.sendBinary(octets('01'));
    endpoint.ping(octets('02'));
    endpoint.pong(octets('03'));
    recording.receive(fromPeer('server', 0x89, 'p'));
    endpoint.close(1000, '');
    expect(sentFrames(recording)).toEqual([
      ...['c1 ca 00', 'c2 ca', '81 61', '81 c3 a9', '82 01', '89 02', '8a 03', '8a 70'],
      '88 03 e8',
    ]);
  });

  it('sends no message after its Close, in whatever form', () => {
    const recording = compressing('server');
    recording.endpoint.close(1000, '');
    expect(recording.endpoint.sendCompressed(Opcode.Text, octets('ca 00'))).toBe(false);
    expect(recording.endpoint.sendTextOctets(octets('61'))).toBe(false);
    expect(sentFrames(recording)).toEqual(['88 03 e8']);
  });

  it('masks what a client sends compressed', () => {
    const recording = compressing('client');
    recording.endpoint.sendCompressed(Opcode.Text, octets('ca 00'));
    const [sent] = decodeFrames(recording.wire);
    expect(sent).toMatchObject({ head: 0xc1, key: TEST_KEY, payload: octets('ca 00') });
  });

  it('refuses RSV1 on a continuation and on control frames', () => {
    expect(compressing('client').receive('41 02 0261 c0 02 0261').events).toEqual([
      'failed WS_RESERVED_BIT_SET',
    ]);
    expect(compressing('client').receive('c9 00').events).toEqual(['failed WS_RESERVED_BIT_SET']);
  });

  it('refuses RSV1 where compression was not agreed on', () => {
    for (const compression of [false, undefined]) {
      const recording = new RecordingEndpoint('client', { compression });
      expect(recording.receive('c1 02 0261').events).toEqual(['failed WS_RESERVED_BIT_SET']);
    }
  });

  it('refuses on the announcement more than a message can be compressed to', () => {
    const limits = { maxMessageBytes: 1_000 };
    const announce = (length: number) =>
      compressing('client', { limits }).receive(
        Uint8Array.of(0xc2, 126, length >>> 8, length & 0xff),
      ).events;
    expect(announce(maxCompressedBytes(1_000))).toEqual([]);
    expect(announce(maxCompressedBytes(1_000) + 1)).toEqual(['failed WS_MESSAGE_TOO_BIG']);
  });

  describe.each<[string, (recording: RecordingEndpoint) => void, string]>([
    ['close()', ({ endpoint }) => void endpoint.close(4000, ''), '88 0f a0'],
    [
      'the answer to a Close',
      (recording) => {
        recording.receive(peersClose('server', 1000));
        recording.endpoint.answerClose({ code: 1000, reason: '' });
      },
      '88 03 e8',
    ],
    ['a violation', (recording) => void recording.receive('81 00'), '88 03 ea'],
    ['fail()', ({ endpoint }) => void endpoint.fail(new ProtocolError('WS_TEXT_UTF8')), '88 03 ef'],
  ])('before the Close frame of %s', (_how, end, close) => {
    it('lets what was accepted before be written', () => {
      const recording = compressing('server', {
        on: { closing: () => recording.endpoint.sendTextOctets(utf8('last')) },
      });
      end(recording);
      const sent = sentFrames(recording).map((each) => each.slice(0, close.length));
      expect(sent).toEqual([`81 ${hex(utf8('last'))}`.slice(0, close.length), close]);
      recording.endpoint.close(1000, '');
      recording.endpoint.fail(new ProtocolError('WS_TEXT_UTF8'));
      expect(sentFrames(recording).length).toBe(2);
    });
  });

  it('does not call for it where no Close frame follows', () => {
    let calls = 0;
    const recording = compressing('server', { on: { closing: () => (calls += 1) } });
    recording.endpoint.close(1000, '');
    expect(() => recording.endpoint.close(1006, '')).toThrow(misuse('MEERKAT_CLOSE_ARGUMENT'));
    recording.receive('81 00'); // after our Close there is no other
    expect(calls).toBe(1);
  });
});
