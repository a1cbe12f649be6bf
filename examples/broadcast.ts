// Rooms: what is said goes to the room, "/all" to everyone, "/others" to everyone but the speaker.
//   npm run example broadcast
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Connection, Topics, WebSocketServer } from 'meerkat';

interface Member {
  readonly room: string;
  told: number; // of the messages that it missed
}

const topics = new Topics<Connection<Member>>();

const wss = new WebSocketServer<Member>({
  messageTypes: 'text',
  maxMessageBytes: 65_536,
  maxQueuedBytes: 262_144, // for each connection: what a slow one may cost in memory
  upgrade({ url }) {
    const room = new URL(url, 'ws://_').searchParams.get('room') ?? 'lobby';
    if (!/^\w{1,32}$/.test(room)) return { refuse: 400, body: 'No such name of a room.\n' };
    return { data: { room: `room/${room}`, told: 0 } };
  },
  open(connection) {
    const { room } = connection.data;
    topics.subscribe('everyone', connection);
    topics.subscribe(room, connection); // until it closes: it leaves by itself
    connection.send(`${topics.subscriberCount(room)} in ${room}`);
  },
  message(connection, message) {
    const [, to, text = ''] = /^(?:\/(all|others) )?(.*)$/s.exec(String(message)) ?? [];
    // Nobody is waited for: who is slow misses messages, and nobody else waits.
    if (to === 'all') topics.publish('everyone', text);
    else if (to === 'others') topics.publish('everyone', text, { except: connection });
    else topics.publish(connection.data.room, text);
  },
  drain(connection) {
    const missed = connection.droppedMessages - connection.data.told;
    connection.data.told += missed;
    if (missed > 0) connection.send(`missed ${missed}`);
  },
});

const http = createServer((_request, response) => response.writeHead(404).end());
wss.attach(http, { path: '/rooms' });
http.listen(Number(process.env['PORT'] ?? 8080), () => {
  console.log(`ws://localhost:${(http.address() as AddressInfo).port}/rooms`);
});
process.once('SIGTERM', () => void wss.close().then(() => process.exit()));
