// echo-server.mjs LIBRARY: a server made of a compiled meerkat, on whatever runs this file. It echoes, closes with the code
// in a message `close CODE`, prints where it listens and what came of each connection, and ends with SIGTERM.
import { createServer } from 'node:http';
import process from 'node:process';

const { WebSocketServer } = await import(process.argv[2]);

const http = createServer();
const wss = new WebSocketServer({
  // With takeover each message may refer to those before it, where the runtime's zlib can.
  compression: { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false },
  open(connection, { incoming }) {
    // Node's stream of a socket has readers where it is read through; the transport on its handle goes past it.
    const transport = incoming.socket.listenerCount('data') > 0 ? 'stream' : 'handle';
    console.log(`open on ${transport} from ${connection.remoteAddress}`);
  },
  message(connection, message) {
    const code = typeof message === 'string' ? /^close (\d+)$/.exec(message)?.[1] : undefined;
    if (code === undefined) connection.send(message);
    else connection.close(Number(code), 'as you wish');
  },
  close(_connection, { code, reason, by, clean }) {
    console.log(`closed: ${code} ${reason}, by ${by}, ${clean ? 'clean' : 'not clean'}`);
  },
});
wss.attach(http, { path: '/websocket' });
http.listen(0, '127.0.0.1', () => {
  console.log(`listening on ws://127.0.0.1:${http.address().port}/websocket`);
});

async function stop() {
  http.close();
  await wss.close();
}

process.once('SIGTERM', () => void stop());
