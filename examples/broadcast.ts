// Rooms: what is said goes to the room, "/all" to everyone, "/others" to everyone but the speaker.
//   npm run example broadcast
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Connection, WebSocketServer } from 'meerkat';

interface Member {
  readonly room: string;
  missed: number; // messages that were dropped because they were not taken
}

type Listener = Connection<Member>;
const rooms = new Map<string, Set<Listener>>();

function tell(listeners: Iterable<Listener>, text: string, except?: Listener): void {
  for (const connection of listeners) {
    if (connection === except) continue;
    // Never waited for: who is slow misses messages, and nobody else waits. 'queued' is fine, 'dropped' is full.
    if (connection.send(text) === 'dropped') connection.data.missed += 1;
  }
}

const wss = new WebSocketServer<Member>({
  messageTypes: 'text',
  maxMessageBytes: 65_536,
  maxQueuedBytes: 262_144, // for each connection: what a slow one may cost in memory
  upgrade({ url }) {
    const room = new URL(url, 'ws://_').searchParams.get('room') ?? 'lobby';
    if (!/^\w{1,32}$/.test(room)) return { refuse: 400, body: 'No such name of a room.\n' };
    return { data: { room, missed: 0 } };
  },
  open(connection) {
    const { room } = connection.data;
    const members = rooms.get(room) ?? new Set();
    rooms.set(room, members.add(connection));
    connection.send(`${members.size} in ${room}`);
  },
  message(connection, message) {
    const [, to, text = ''] = /^(?:\/(all|others) )?(.*)$/s.exec(String(message)) ?? [];
    if (to === 'all') tell(wss.connections, text);
    else if (to === 'others') tell(wss.connections, text, connection);
    else tell(rooms.get(connection.data.room) ?? [], text);
  },
  drain(connection) {
    if (connection.data.missed > 0) connection.send(`missed ${connection.data.missed}`);
    connection.data.missed = 0;
  },
  close(connection) {
    const members = rooms.get(connection.data.room);
    if (members?.delete(connection) && members.size === 0) rooms.delete(connection.data.room);
  },
});

const http = createServer((_request, response) => response.writeHead(404).end());
wss.attach(http, { path: '/rooms' });
http.listen(Number(process.env['PORT'] ?? 8080), () => {
  console.log(`ws://localhost:${(http.address() as AddressInfo).port}/rooms`);
});
process.once('SIGTERM', () => void wss.close().then(() => process.exit()));
