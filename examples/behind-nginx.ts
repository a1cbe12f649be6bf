// A server that only a proxy on this machine reaches: see nginx.conf beside it.
//   npm run example behind-nginx
import { createServer } from 'node:http';
import { type AddressInfo, BlockList, isIP } from 'node:net';
import { type ServerUpgradeRequest, WebSocketServer } from 'meerkat';

interface Client {
  readonly address: string;
}

/** Whose X-Forwarded-For is believed. Anybody else can write into it what they like. */
const proxies = new BlockList();
proxies.addAddress('127.0.0.1');

function isProxy(address: string): boolean {
  return isIP(address) !== 0 && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Each proxy adds whom it heard from at the end: from there back, the first that is no proxy of ours. */
function clientAddress({ incoming, remoteAddress = '' }: ServerUpgradeRequest): string {
  const forwarded = String(incoming.headers['x-forwarded-for'] ?? '').split(',');
  let address = remoteAddress;
  while (isProxy(address)) {
    const before = forwarded.pop()?.trim() ?? '';
    if (isIP(before) === 0) break;
    address = before;
  }
  return address;
}

const wss = new WebSocketServer<Client>({
  // Well below nginx's proxy_read_timeout: a connection on which nothing moves lives of its pings.
  pingInterval: Number(process.env['PING_INTERVAL'] ?? 25_000),
  upgrade: (request) => ({ data: { address: clientAddress(request) } }),
  open(connection) {
    connection.send(`You are ${connection.data.address}`);
  },
  async message(connection, message) {
    if (connection.send(message) !== 'sent') await connection.drained();
  },
});

const http = createServer((_request, response) => response.writeHead(404).end());
wss.attach(http, { path: '/websocket' });
// 127.0.0.1: who could go round the proxy would choose the address that it is known by.
http.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => {
  console.log(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/websocket`);
});

process.once('SIGTERM', () => {
  http.close(); // nobody new; requests in progress are answered
  void wss.close(); // 1001 to everyone, behind what is queued for them; it never rejects
  // A client that never ends its request must not keep the process.
  setTimeout(() => http.closeAllConnections(), 10_000).unref();
});
