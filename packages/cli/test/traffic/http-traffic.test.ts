import { describe, expect, it } from 'vitest';
import { dumping, frames } from './dumping.ts';

/** Sends what is `<`, and answers what is `>`; gives the first lines of what was decoded. */
function told(...chunks: readonly string[]): string[] {
  const { listener, decoded } = dumping();
  for (const chunk of chunks) {
    const octets = Buffer.from(chunk.slice(1), 'latin1');
    void (chunk.startsWith('<') ? listener.received(octets) : listener.sent(octets));
  }
  void listener.closed(undefined);
  return decoded().filter(
    (line) => /^(?:!!|\S\S| {2}) (?:[A-Z]+ |HTTP|!!|\S+ \S)/.test(line) && !/^ {3}\S+: /.test(line),
  );
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('the HTTP of a connection', () => {
  it('A7 lists ordinary HTTP without a word on it', () => {
    const { listener, decoded } = dumping();
    void listener.received(Buffer.from('GET /a HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n'));
    void listener.sent(Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
    expect(decoded()).toEqual([
      '   GET /a HTTP/1.1',
      '   Host: a',
      '   Accept: */*',
      '   HTTP/1.1 404 Not Found',
      '   Content-Length: 0',
    ]);
  });

  it('A7 finds the next head behind bodies of every kind', () => {
    expect(
      told(
        `<POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /<POST /2 HTTP/1.1\r\n`.replace(
          'GET /<',
          'GET /',
        ),
        '<Host: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nGET /\r\n0\r\nA: b\r\n\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n',
        '>HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 ',
        '>HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
        '>HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 500 no head\r\n\r\n',
      ),
    ).toEqual([
      '   POST /1 HTTP/1.1',
      '   POST /2 HTTP/1.1',
      '   GET /3 HTTP/1.1',
      '   HTTP/1.1 200 OK',
      '   HTTP/1.1 200 OK',
      '   HTTP/1.1 200 OK',
    ]);
  });

  it('A7 knows which answers have no body', () => {
    expect(
      told(
        '<HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
        `<${GET}${GET}${GET}`,
        '>HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n',
        '>HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
        '>HTTP/1.1 100 Continue\r\n\r\n',
        '>HTTP/1.1 204 No Content\r\n\r\n',
        '>HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      ).filter((line) => line.includes(' HTTP/1.1 ')),
    ).toEqual([
      '   HTTP/1.1 200 OK',
      '   HTTP/1.1 304 Not Modified',
      '   HTTP/1.1 100 Continue',
      '   HTTP/1.1 204 No Content',
      '   HTTP/1.1 200 OK',
    ]);
  });

  it.each([
    [
      'a head that is cut off',
      ['<GET / HTTP/1.1\r\nHost'],
      '!! no empty line ends this head (RFC 9112 §2.1)',
    ],
    [
      'what is no HTTP',
      ['<hello\r\n\r\n'],
      '!! this is no HTTP request: what follows is not decoded',
    ],
    [
      'TLS',
      ['<\x16\x03\x01\x02\0\x01'],
      '!! this is no HTTP request, it looks like TLS: what follows is not decoded',
    ],
    [
      'an answer that is no HTTP',
      ['>220 ftp\r\n\r\n'],
      '!! this is no HTTP response: what follows is not decoded',
    ],
    [
      'a body that is cut off',
      [`<POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc`],
      '!! the body ended 2 octets early (RFC 9112 §8)',
    ],
    [
      'chunks that are cut off',
      ['<POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc'],
      '!! the body ended before its last chunk (RFC 9112 §8)',
    ],
    [
      'a bad chunk',
      ['<POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n'],
      '!! a malformed chunk (RFC 9112 §7.1): decoded no further',
    ],
    [
      'a bad end of a chunk',
      ['<POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n'],
      '!! a malformed chunk (RFC 9112 §7.1): decoded no further',
    ],
    [
      'bare LF',
      ['<GET / HTTP/1.1\nHost: a\n\n'],
      '!! lines end with a bare LF in place of CR LF (RFC 9112 §2.2)',
    ],
    [
      'a head without end',
      [`<GET / HTTP/1.1\r\nA: ${'a'.repeat(70_000)}`],
      '!! the head is too long: it is not decoded',
    ],
  ])('A7 marks %s', (_what, chunks, mark) => {
    expect(told(...chunks)).toContain(mark);
  });

  it('A7 marks a server that sends no empty line behind its head', () => {
    const { listener, decoded } = dumping({ role: 'client' });
    void listener.sent(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    void listener.received(
      Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'),
    );
    void listener.ended('in');
    expect(decoded().at(-1)).toBe('!! no empty line ends this head (RFC 9112 §2.1)');
    expect(decoded()).toContain('ok Upgrade: websocket');
  });

  it('A7 marks a 101 to a request that did not ask in the right way, and reads frames', () => {
    const { listener, decoded } = dumping({ role: 'client' });
    void listener.sent(
      Buffer.from(
        'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n',
      ),
    );
    void listener.received(
      Buffer.from(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
      ),
    );
    void listener.sent(frames('81 81 k 61'));
    expect(decoded()).toContain(
      '!! HTTP/1.1 101 Switching Protocols — a 101 to a request that must be refused: Upgrade must be websocket, exactly once',
    );
    expect(decoded().at(-1)).toBe('   text, FIN, masked with 00000000, 1 octet: "a"');
  });

  it('A7 decodes no protocol but WebSocket behind a 101', () => {
    const { listener, decoded } = dumping();
    void listener.received(
      Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'),
    );
    void listener.sent(
      Buffer.from(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
      ),
    );
    const before = decoded().length;
    void listener.received(frames('81 81 k 61'));
    void listener.sent(frames('81 81 k 61'));
    expect(decoded()).toHaveLength(before);
  });

  it('gives up telling answers apart when too many requests wait', () => {
    const { listener, decoded } = dumping();
    void listener.received(Buffer.from(GET.repeat(1_100)));
    expect(decoded().at(-1)).toBe('   too many requests wait for answers: decoded no further');
  });

  it('A7 takes a CONNECT for a tunnel when it is accepted', () => {
    const { listener, decoded } = dumping({ role: 'client' });
    void listener.sent(Buffer.from('CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n'));
    void listener.received(Buffer.from('HTTP/1.1 200 OK\r\n\r\nGET / HTTP/1.1\r\n\r\n'));
    expect(decoded().filter((line) => line.includes('HTTP'))).toHaveLength(2);
  });
});
