// A browser offers permessage-deflate with every WebSocket; `meerkat serve --compression` takes it up.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInChromium } from '../support/chromium.ts';
import { Program } from '../support/program.ts';

let served: Program;

beforeAll(() => {
  const flags = ['--compression', '--compression-takeover', '--hexdump', '--request-log'];
  served = Program.meerkat(['serve', 'examples/public', '--port', '0', ...flags]);
});
afterAll(async () => {
  await served.stop();
});

describeInChromium('compression with Chromium', (open) => {
  it('A9 is agreed on, and every message comes back as it was', async () => {
    const [url] = await served.prints(/http:\/\/localhost:\d+\//);
    const { page, complaints } = await open(url);
    const script = `new Promise((done) => {
      const ws = new WebSocket(location.origin.replace('http', 'ws') + '/websocket');
      ws.binaryType = 'arraybuffer';
      const text = 'Grüße 👋 '.repeat(2_000);
      const octets = new Uint8Array(100_000).map((_, at) => at >> 4);
      let same = 0;
      ws.onopen = () => {
        for (let count = 0; count < 5; count += 1) ws.send(text + count);
        ws.send(octets);
      };
      ws.onmessage = ({ data }) => {
        if (typeof data === 'string') {
          if (data === text + same) same += 1;
          return;
        }
        const back = new Uint8Array(data);
        const whole = back.length === octets.length && back.every((octet, at) => octet === octets[at]);
        done([ws.extensions, same, whole]);
        ws.close();
      };
      ws.onclose = ({ code }) => done(['closed', code]);
    })`;
    const [extensions, same, whole] = await page.evaluate<[string, number, boolean]>(script);
    expect(extensions).toMatch(/^permessage-deflate; client_max_window_bits=12$/);
    expect([same, whole]).toEqual([5, true]);
    expect(complaints).toEqual([]);
    await served.prints(/"extensions":"permessage-deflate/, 'stderr');
    const { stdout } = served;
    expect(stdout.match(/^ {10}text, FIN, RSV1 \(compressed\), masked /gm)).toHaveLength(5);
    expect(stdout.match(/^ {10}inflated: text, /gm)).toHaveLength(10);
    expect(stdout.match(/^ {7}!!.*$/gm)).toBeNull();
  });

  it('A6 the test page says so when it has connected', async () => {
    const [url] = await served.prints(/http:\/\/localhost:\d+\//);
    const { page } = await open(url);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    const opened = page.getByRole('log').locator('.entry', { hasText: 'CONNECTION OPENED' });
    await opened.waitFor();
    expect(await opened.textContent()).toContain('extensions permessage-deflate');
  });
});
