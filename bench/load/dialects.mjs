import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { connect } from 'meerkat';
import { die } from './die.mjs';

const { BENCH_TLS } = process.env;
const tls = BENCH_TLS === undefined ? undefined : { ca: readFileSync(BENCH_TLS) };

/**
 * How a server is spoken to. Each opens a link at a path:
 *
 * - `link.send(message)` sends a message as it is
 * - `link.end()` ends it without ceremony
 * - `onMessage(message)` is called for each that comes
 *
 * A link that cannot be opened rejects, one that ends by itself ends the process: nothing may go wrong in a measurement.
 */
export const dialects = { websocket: openWebSocket, 'socket.io': openSocketIo, raw: openRaw };

async function openWebSocket({ port, deflate }, _messages, path, onMessage) {
  let ending = false;
  const connection = await connect(
    `${tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${port}${path}`,
    {
      compression: deflate && { threshold: 0 },
      maxMessageBytes: 2 ** 24,
      maxQueuedBytes: 2 ** 28,
      tls,
      // What a handler throws would only end its connection.
      message(_connection, message) {
        try {
          onMessage(message);
        } catch (error) {
          die(error);
        }
      },
      close(_connection, { code, because }) {
        if (!ending) die(new Error(`the server closed: ${code} (${because})`));
      },
    },
  );
  if (deflate && !connection.extensions.includes('server_no_context_takeover')) {
    throw new Error(`not what was asked for: Sec-WebSocket-Extensions: ${connection.extensions}`);
  }
  return {
    send(message) {
      if (connection.send(message) === 'dropped') throw new Error('the server does not read');
    },
    end() {
      ending = true;
      connection.terminate();
    },
  };
}

/** Engine.IO 4 and Socket.IO 5: an event `m` for each message, octets as an attachment in a message of their own. */
function openSocketIo(setting, messages, path, onMessage) {
  const role = path.slice(1);
  const query = `/socket.io/?EIO=4&transport=websocket&role=${role}`;
  const announcement = '451-["m",{"_placeholder":true,"num":0}]';
  return new Promise((resolve, reject) => {
    const link = openWebSocket(setting, messages, query, (received) => {
      if (typeof received !== 'string') onMessage(received);
      else if (received.startsWith('42["m",')) onMessage(JSON.parse(received.slice(2))[1]);
      else if (received === '2')
        send('3'); // its ping
      else if (received.startsWith('0{')) send('40');
      else if (received.startsWith('40{'))
        void link.then(opened).then(resolve); // rejected below
      else if (received !== announcement) throw new Error(`unexpected: ${received.slice(0, 60)}`);
    });
    link.catch(reject);
    const send = (frame) => void link.then((open) => open.send(frame)); // rejected above
  });

  function opened(link) {
    return {
      end: link.end,
      send(message) {
        if (typeof message === 'string') return link.send(`42${JSON.stringify(['m', message])}`);
        link.send(announcement);
        link.send(message);
      },
    };
  }
}

/** Octets come back; where a message ends is known from its length. */
function openRaw({ port, size }, messages, _path, onMessage) {
  const options = { host: '127.0.0.1', port, noDelay: true };
  const part = Buffer.alloc(size);
  let filled = 0;
  let ending = false;
  return new Promise((resolve, reject) => {
    const socket = tls === undefined ? connectTcp(options) : connectTls({ ...options, ...tls });
    const fail = (error) => {
      reject(error);
      if (!ending) die(error);
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the server closed')));
    socket.on('data', (chunk) => {
      socket.cork(); // what a chunk is answered with leaves in one write
      for (let at = 0; at < chunk.length; ) {
        const copied = chunk.copy(part, filled, at);
        at += copied;
        filled += copied;
        if (filled < size) break;
        filled = 0;
        onMessage(messages.text ? part.latin1Slice() : part);
      }
      socket.uncork();
    });
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () =>
      resolve({
        // The octets of a message hold until the next one is made.
        send: (message) => socket.write(Buffer.from(message)),
        end() {
          ending = true;
          socket.destroy();
        },
      }),
    );
  });
}
