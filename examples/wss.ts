// A WebSocket echo over TLS. SIGHUP reads a renewed certificate; open connections stay.
//   npm run example wss cert.pem key.pem
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'meerkat';

const [certFile = 'cert.pem', keyFile = 'key.pem'] = process.argv.slice(2);
const certificate = () => ({ cert: readFileSync(certFile), key: readFileSync(keyFile) });

// handshakeTimeout: Node would wait two minutes for a client that does not speak TLS.
const https = createServer({ ...certificate(), handshakeTimeout: 10_000 }, (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain' }).end('Speak WebSocket at /websocket\n');
});

const wss = new WebSocketServer({
  async message(connection, message) {
    if (connection.send(message) !== 'sent') await connection.drained();
  },
});

wss.attach(https, { path: '/websocket' });
https.listen(Number(process.env['PORT'] ?? 8443), () => {
  console.log(`wss://localhost:${(https.address() as AddressInfo).port}/websocket`);
});

process.on('SIGHUP', () => {
  try {
    https.setSecureContext(certificate());
    console.log('the certificate was read again');
  } catch (error) {
    console.error('the old certificate stays:', error); // a file that is half written, a wrong key
  }
});

process.once('SIGTERM', () => {
  https.close(); // nobody new; requests in progress are answered
  void wss.close(); // 1001 to everyone, behind what is queued for them; it never rejects
  // A client that never ends its request must not keep the process.
  setTimeout(() => https.closeAllConnections(), 10_000).unref();
});
