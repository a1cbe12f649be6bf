// A login that sets a session cookie, and a WebSocket that only who has the cookie can open.
//   PASSWORD=correct-horse npm run example auth-cookie
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseCookie } from 'cookie';
import express from 'express';
import { WebSocketServer } from 'meerkat';

type Session = { readonly user: string };
const SESSION_MS = 3_600_000;
const sessions = new Map<string, Session>();
const { PASSWORD, PORT = 8080, NODE_ENV } = process.env;
if (!PASSWORD) throw new Error('PASSWORD is not set');
// No script reads it, no form of another site sends it along, and in production it travels over https only.
const COOKIE = { httpOnly: true, sameSite: 'lax', secure: NODE_ENV === 'production' } as const;
const digest = (text: string) => createHash('sha256').update(text).digest();
const idOf = (header = '') => parseCookie(header)['session'] ?? '';

const wss = new WebSocketServer<Session>({
  // `origins` is not set: a page may connect only to the host that it came from.
  upgrade({ incoming }) {
    const session = sessions.get(idOf(incoming.headers.cookie));
    return session === undefined ? { refuse: 401, body: 'Log in first.\n' } : { data: session };
  },
  message: (connection, text) => void connection.send(`${connection.data.user}: ${text}`),
});

function endSession(id: string): void {
  for (const connection of wss.connections) {
    if (connection.data === sessions.get(id)) connection.close(1008, 'the session is over');
  }
  sessions.delete(id);
}

const app = express().disable('x-powered-by');
app.use(express.urlencoded({ limit: '1kb' }));
app.post('/login', (request, response) => {
  const { user, password } = (request.body ?? {}) as Record<string, unknown>;
  // Of digests: they have one length, and the time it takes tells nothing of the password.
  const right = timingSafeEqual(digest(String(password)), digest(PASSWORD));
  if (!right || typeof user !== 'string') return void response.status(403).send('Wrong.\n');
  const id = randomBytes(32).toString('base64url');
  sessions.set(id, { user });
  setTimeout(endSession, SESSION_MS, id).unref();
  response.cookie('session', id, { ...COOKIE, maxAge: SESSION_MS }).send(`Welcome, ${user}.\n`);
});

app.post('/logout', (request, response) => {
  endSession(idOf(request.headers.cookie));
  response.clearCookie('session', COOKIE).send('Bye.\n');
});

const http = createServer(app);
wss.attach(http, { path: '/websocket' });
http.listen(Number(PORT), () => {
  console.log(`ws://localhost:${(http.address() as AddressInfo).port}/websocket`);
});
process.once('SIGTERM', () => void wss.close().then(() => process.exit()));
