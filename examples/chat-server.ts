// A chat: who connects must show a token and speak the subprotocol "chat". Each line goes to everyone else.
//   npm run example chat-server
//   npx meerkat connect ws://localhost:8080/chat --subprotocol chat --header 'Authorization: Bearer a-secret'
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Connection, Topics, WebSocketServer } from 'meerkat';

interface User {
  readonly name: string;
}

const TOKENS = new Map<string, User>([
  ['a-secret', { name: 'Alice' }],
  ['b-secret', { name: 'Bob' }],
]);

const topics = new Topics();

const chat = new WebSocketServer<User>({
  subprotocols: ['chat'],
  messageTypes: 'text', // binary is answered with close code 1003
  maxMessageBytes: 4096,
  upgrade(request) {
    const [scheme, token = ''] = (request.incoming.headers.authorization ?? '').split(' ');
    const user = scheme === 'Bearer' ? TOKENS.get(token) : undefined;
    if (user === undefined) {
      return { refuse: 401, headers: { 'WWW-Authenticate': 'Bearer' }, body: 'Who are you?\n' };
    }
    if (!request.subprotocols.includes('chat')) {
      return { refuse: 400, body: 'Speak the subprotocol "chat".\n' };
    }
    return { data: user };
  },
  open(connection) {
    connection.send(`Welcome, ${connection.data.name}.`);
    topics.subscribe('chat', connection);
    tellOthers(connection, `${connection.data.name} is here.`);
  },
  message(connection, text) {
    tellOthers(connection, `${connection.data.name}: ${text}`);
  },
  close(connection) {
    tellOthers(connection, `${connection.data.name} left.`);
  },
});

function tellOthers(speaker: Connection<User>, line: string): void {
  topics.publish('chat', line, { except: speaker });
}

const http = createServer((_request, response) => response.writeHead(404).end());
chat.attach(http, { path: '/chat' });
http.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => {
  console.log(`ws://localhost:${(http.address() as AddressInfo).port}/chat`);
});
