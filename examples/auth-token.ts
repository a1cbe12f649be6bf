// A WebSocket for who shows a token: programs in Authorization, web pages in a subprotocol. It ends with the token.
//   npm run example auth-token
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ServerUpgradeRequest, WebSocketServer } from 'meerkat';

interface Grant {
  readonly user: string;
  readonly expires: number; // milliseconds since 1970
}

const { TOKEN_SECRET, PORT = 8080 } = process.env;
const secret = TOKEN_SECRET ?? randomBytes(32); // random: no token outlives the process

/** USER.EXPIRES.SIGNATURE: letters, digits and -_. only, so that it may stand in a list of subprotocols. */
function sign(user: string, expires: number): string {
  const claim = `${Buffer.from(user).toString('base64url')}.${expires}`;
  return `${claim}.${createHmac('sha256', secret).update(claim).digest('base64url')}`;
}

function verify(token: string): Grant | undefined {
  const [name = '', until = ''] = token.split('.');
  const user = Buffer.from(name, 'base64url').toString();
  const expires = Number(until);
  const [given, right] = [Buffer.from(token), Buffer.from(sign(user, expires))];
  // In constant time: where a comparison ends early, it tells how much of a guess was right.
  const genuine = given.length === right.length && timingSafeEqual(given, right);
  return genuine && expires > Date.now() ? { user, expires } : undefined;
}

function tokenOf({ incoming, subprotocols }: ServerUpgradeRequest): string {
  const [scheme = '', token = ''] = (incoming.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() === 'bearer') return token;
  return subprotocols.find((name) => name.startsWith('bearer.'))?.slice('bearer.'.length) ?? '';
}

const wss = new WebSocketServer<Grant>({
  subprotocols: ['chat'], // what is agreed on: the token is offered beside it and never sent back
  upgrade(request) {
    const grant = verify(tokenOf(request));
    if (grant !== undefined) return { data: grant };
    return { refuse: 401, headers: { 'WWW-Authenticate': 'Bearer' }, body: 'No valid token.\n' };
  },
  message: (connection, text) => void connection.send(`${connection.data.user}: ${text}`),
});
setInterval(() => {
  const over = [...wss.connections].filter(({ data }) => data.expires <= Date.now());
  for (const connection of over) connection.close(4401, 'the token has expired');
}, 1_000);

const http = createServer((_request, response) => response.writeHead(404).end());
wss.attach(http, { path: '/websocket' });
http.listen(Number(PORT), () => {
  console.log(`ws://localhost:${(http.address() as AddressInfo).port}/websocket`);
  console.log(`a token for ten minutes: ${sign('alice', Date.now() + 600_000)}`);
});
process.once('SIGTERM', () => void wss.close().then(() => process.exit()));
