import { Agent, request } from 'node:http';
import { RawPeer } from 'meerkat/testing';
import { PAGE_BYTES } from './site.ts';
import { begins, upgrade, type Visit } from './visits.ts';

const PAGE_HEAD = 'HTTP/1.1 200 ';

/** Ordinary requests on connections that are kept, all the time. */
export class Pages {
  readonly #agent: Agent = new Agent({ keepAlive: true, maxSockets: 10 });
  readonly #port: number;
  #asked = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** Asks for one, or sends one and gets it back. Rejects where the answer is not that. */
  ask(): Promise<void> {
    this.#asked += 1;
    const path = `/page/${this.#asked}`;
    const body = this.#asked % 3 === 0 ? `${path} `.repeat(400) : undefined;
    const expected = body ?? path.padEnd(PAGE_BYTES, '.');
    return new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const options = { port: this.#port, host: '127.0.0.1', agent: this.#agent, path, method };
      const asked = request(options, (response) => {
        let got = '';
        response.setEncoding('latin1');
        response.on('data', (text: string) => {
          got += text;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200 && got === expected) resolve();
          else reject(new Error(`${method} ${path} was answered with ${response.statusCode}`));
        });
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function page(peer: RawPeer, path: string): Promise<void> {
  begins(await peer.takeHead(), PAGE_HEAD);
  begins((await peer.takeOctets(PAGE_BYTES)).toString('latin1'), `${path}.`);
}

async function pipelined(port: number): Promise<void> {
  const peer = await RawPeer.connect(port);
  const paths = ['/first', '/second', '/third'];
  await peer.sendText(
    paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`).join(''),
  );
  for (const path of paths) await page(peer, path);
  await peer.close();
}

async function upgradeBehindPage(port: number): Promise<void> {
  const peer = await RawPeer.connect(port);
  await peer.sendText('GET /first HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  await page(peer, '/first');
  await peer.sendText(upgrade('/passing'));
  begins(await peer.takeHead(), 'HTTP/1.1 101 ');
  await peer.send('88 82 00000000 03e8');
  begins(await peer.take(4), '88 02 03 e8');
  await peer.takeAll();
  await peer.close();
}

/** Ordinary requests on connections of their own. */
export const PAGES: Readonly<Record<string, Visit>> = {
  'three requests at once': pipelined,
  'an upgrade behind a request': upgradeBehindPage,
};
