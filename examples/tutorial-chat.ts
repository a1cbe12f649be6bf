// The chat of docs/tutorial: what one says, all read. There is no type in it: saved as .mjs it is JavaScript.
//   npm run example tutorial-chat
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { WebSocketServer } from 'meerkat';

const page = new URL('tutorial-chat.html', import.meta.url);
let guests = 0;

const http = createServer((_request, response) => {
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  createReadStream(page)
    .on('error', () => response.writeHead(404).end('There is no page yet.\n'))
    .pipe(response);
});

const chat = new WebSocketServer({
  messageTypes: 'text',
  maxMessageBytes: 1_000,
  upgrade() {
    guests += 1;
    return { data: `guest ${guests}` };
  },
  open(connection) {
    tellAll(`${connection.data} is here`);
  },
  message(connection, text) {
    tellAll(`${connection.data}: ${text}`);
  },
  close(connection, { code }) {
    console.log(`${connection.data} left: ${code}`);
    tellAll(`${connection.data} left`);
  },
});

const tellAll = (line = '') => {
  for (const connection of chat.connections) connection.send(line);
};

chat.attach(http, { path: '/chat' });
http.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1');
http.once('listening', () => console.log('listening on', http.address()));

const stop = () => {
  http.close();
  // 1001 to everyone, and then whoever never sent a request. It never rejects.
  void chat.close({ reason: 'the chat is over' }).then(() => http.closeAllConnections());
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
