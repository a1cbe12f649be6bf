// client.mjs LIBRARY URL: speaks to an echo server as a client made of a compiled meerkat, on whatever runs this file, prints
// what it saw, a line each, and ends by itself.
import { connect as dialTcp } from 'node:net';
import process from 'node:process';

const [, , library, url] = process.argv;
const { connect } = await import(library);

async function next(connection) {
  for await (const message of connection) return message;
  return undefined;
}

function pattern(length) {
  return Uint8Array.from({ length }, (_, at) => (at * 7) % 251);
}

/** Whether what comes back is what was sent. */
async function echoed(connection, sent) {
  connection.send(sent);
  const got = await next(connection);
  if (typeof sent === 'string' || typeof got === 'string') return got === sent;
  return Buffer.compare(sent, got) === 0;
}

async function talk(name, options) {
  const connection = await connect(url, options);
  const same = {
    text: await echoed(connection, 'Grüße, 世界 🦦'),
    'the same again': await echoed(connection, 'Grüße, 世界 🦦'),
    octets: await echoed(connection, pattern(300)),
    'large text': await echoed(connection, 'ä'.repeat(200_000)),
    'a mebibyte': await echoed(connection, pattern(1 << 20)),
    nothing: await echoed(connection, ''),
  };
  const lost = Object.keys(same).filter((what) => !same[what]);
  console.log(`${name}: ${lost.length === 0 ? 'all came back' : `lost ${lost.join(', ')}`}`);
  await connection.ping();
  console.log(`${name}: a ping is answered`);
  return connection;
}

function report(name, { code, reason, by, clean }) {
  const words = [code, reason].filter((word) => word !== '').join(' ');
  console.log(`${name}: ${words}, by ${by}, ${clean ? 'clean' : 'not clean'}`);
}

const first = await talk('plain', { compression: false });
first.close(4001, 'enough');
report('plain', await first.closed);

let socket;
const createConnection = ({ host, port }) => {
  socket = dialTcp({ host, port });
  return socket;
};
// With takeover each message may refer to those before it, where the runtime's zlib can.
const compression = {
  threshold: 0,
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
};
const second = await talk('compressed', { compression, createConnection });
// Node's stream of a socket has readers where it is read through; the transport on its handle goes past it.
console.log(`transport: ${socket.listenerCount('data') > 0 ? 'stream' : 'handle'}`);
second.send('close 4002');
report('compressed', await second.closed);

try {
  await connect(new URL('/elsewhere', url).href);
} catch (error) {
  console.log(`elsewhere: ${error.code} ${error.status}`);
}
