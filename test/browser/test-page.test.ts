// The test page in a real Chromium, served by `meerkat serve`. The peers of some tests
// are scripted, since what they do (flood, stay silent, answer wrongly) no good server does.
import { once } from 'node:events';
import { createServer, Server as HttpServer } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { describeInChromium } from '../support/chromium.ts';
import { Program } from '../support/program.ts';

let served: Program;

beforeAll(() => {
  served = Program.meerkat(['serve', 'examples/public', '--port', '0']);
});

afterAll(async () => {
  await served.stop();
});

/** Where `meerkat serve` has the page, with its echo at `/websocket`. */
async function servePage(): Promise<string> {
  const [url] = await served.prints(/http:\/\/localhost:\d+\//);
  return url;
}

/** A WebSocket server that does `script` with each client; gives its URL. */
async function scriptedPeer(script: (peer: WebSocket) => void): Promise<string> {
  const server = createServer();
  const peers = new WebSocketServer({
    server,
    handleProtocols: () => 'superchat',
    perMessageDeflate: true,
  });
  peers.on('connection', script);
  const port = await listen(server);
  onTestFinished(async () => {
    for (const peer of peers.clients) peer.terminate();
    await close(server);
  });
  return `ws://localhost:${port}/`;
}

/** A TCP server that answers the handshake with `answer`, or with nothing at all; gives its URL. */
async function rawPeer(answer?: string): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // the browser may reset
    socket.on('data', () => {
      if (answer !== undefined) socket.write(answer);
    });
  });
  const port = await listen(server);
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await close(server);
  });
  return `ws://localhost:${port}/`;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  if (server instanceof HttpServer) server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

/** The lines of the log that hold `text`. */
function line(page: Page, text: string | RegExp): Locator {
  return page.getByRole('log').locator('.entry', { hasText: text });
}

function button(page: Page, name: string): Locator {
  return page.getByRole('button', { name, exact: true });
}

async function connect(page: Page, url?: string): Promise<void> {
  if (url !== undefined) await page.getByLabel('URL').fill(url);
  await button(page, 'Connect').click();
  await line(page, 'CONNECTION OPENED').waitFor();
}

async function choose(page: Page, kind: 'Binary as hex' | 'File'): Promise<void> {
  await page.getByRole('radio', { name: kind }).check();
}

async function send(page: Page, text: string): Promise<void> {
  await page.getByLabel('Text, sent as UTF-8').fill(text);
  await button(page, 'Send').click();
}

/** Which inputs are enabled, and what the toggle would do. */
async function inputs(page: Page): Promise<Record<string, boolean | string | null>> {
  const field = (label: string): Promise<boolean> => page.getByLabel(label).isEnabled();
  return {
    url: await field('URL'),
    subprotocols: await field('Subprotocols'),
    code: await field('Close code'),
    reason: await field('Close reason'),
    message: await field('Text, sent as UTF-8'),
    send: await button(page, 'Send').isEnabled(),
    toggle: await page.locator('#toggle').textContent(),
  };
}

const WHILE_CLOSED = {
  url: true,
  subprotocols: true,
  code: false,
  reason: false,
  message: false,
  send: false,
  toggle: 'Connect',
};
const WHILE_OPEN = {
  url: false,
  subprotocols: false,
  code: true,
  reason: true,
  message: true,
  send: true,
  toggle: 'Disconnect',
};
const WHILE_CONNECTING = { ...WHILE_CLOSED, url: false, subprotocols: false, toggle: 'Cancel' };

/** Every piece of text whose contrast with what is behind it is below WCAG's AA; disabled controls are exempt. */
const TOO_PALE = `(() => {
  const rgba = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = rgba(color).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const { backgroundColor } = getComputedStyle(node);
    return rgba(backgroundColor)[3] === 0 ? behind(node.parentElement) : backgroundColor;
  };
  const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  return [...document.querySelectorAll('body *')]
    .filter((node) => !node.closest('script, svg, :disabled, [hidden]'))
    .filter((node) => node.value || [...node.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== ''))
    .map((node) => [node.tagName, node.textContent, contrast(light(getComputedStyle(node).color), light(behind(node)))])
    .filter(([, , ratio]) => ratio < 4.5);
})()`;

describeInChromium('the test page', (open) => {
  it('A6 has a URL box with this server in it, a toggle, a message box, a Send button and a log', async () => {
    const url = await servePage();
    const { page, complaints } = await open(url);
    const { host } = new URL(url);
    expect(await page.getByLabel('URL').inputValue()).toBe(`ws://${host}/websocket`);
    expect(await button(page, 'Connect').isVisible()).toBe(true);
    expect(await page.getByLabel('Text, sent as UTF-8').isVisible()).toBe(true);
    expect(await button(page, 'Send').isVisible()).toBe(true);
    expect(await page.getByRole('log', { name: 'Event log' }).getAttribute('aria-live')).toBe(
      'polite',
    );
    expect(complaints).toEqual([]);
  });

  it('A6 enables message and Send only while open, and the URL only while closed', async () => {
    const { page } = await open(await servePage());
    const here = await page.getByLabel('URL').inputValue();
    expect(await inputs(page)).toEqual(WHILE_CLOSED);

    await page.getByLabel('URL').fill(await rawPeer());
    await button(page, 'Connect').click();
    await button(page, 'Cancel').waitFor();
    expect(await inputs(page)).toEqual(WHILE_CONNECTING);
    expect(await page.getByRole('status').textContent()).toBe('Connecting…');

    await button(page, 'Cancel').click();
    await line(page, 'CONNECTION CLOSED').waitFor();
    expect(await inputs(page)).toEqual(WHILE_CLOSED);

    await connect(page, here);
    expect(await inputs(page)).toEqual(WHILE_OPEN);
    expect(await page.getByRole('status').textContent()).toBe('Open');

    await button(page, 'Disconnect').click();
    await line(page, 'CONNECTION CLOSED 1000').waitFor();
    expect(await inputs(page)).toEqual(WHILE_CLOSED);
    expect(await page.getByRole('status').textContent()).toBe('Closed');
  });

  it('A6 logs CONNECTION OPENED, SENT: with its size, RECEIVED: with the round trip, and CONNECTION CLOSED', async () => {
    const { page, complaints } = await open(await servePage());
    await connect(page);
    await send(page, 'Hello World!');
    await line(page, 'RECEIVED:').waitFor();
    await button(page, 'Disconnect').click();
    await line(page, 'CONNECTION CLOSED').waitFor();

    const clock = String.raw`\d\d:\d\d:\d\d\.\d{3}`;
    const ms = String.raw`\d+\.\d ms`;
    const url = String.raw`ws://localhost:\d+/websocket`;
    expect(await page.getByRole('log').locator('.entry').allTextContents()).toEqual(
      [
        `CONNECTION OPENED ${url}, no subprotocol, no extensions in ${ms}`,
        'SENT: Hello World! text · 12 octets',
        `RECEIVED: Hello World! text · 12 octets · echo in ${ms}`,
        'CONNECTION CLOSED 1000 Normal Closure, no reason, clean open for .+ m?s',
      ].map((text) => expect.stringMatching(new RegExp(`^${clock} ${text}$`))),
    );
    expect(complaints).toEqual([]);
  });

  it('A6 offers subprotocols and shows the one the server chose', async () => {
    const { page } = await open(await servePage());
    await page.getByLabel('Subprotocols').fill('chat, superchat');
    await connect(page, await scriptedPeer(() => {}));
    await line(page, 'subprotocol superchat, extensions permessage-deflate').waitFor();
  });

  it('A6 logs ERROR and CONNECTION CLOSED 1006 where nothing listens', async () => {
    const { page } = await open(await servePage());
    const gone = createServer();
    const port = await listen(gone);
    await close(gone);
    await page.getByLabel('URL').fill(`ws://localhost:${port}/`);
    await button(page, 'Connect').click();
    await line(page, 'CONNECTION CLOSED 1006 Abnormal Closure').waitFor();
    expect(await line(page, 'ERROR the connection could not be opened').count()).toBe(1);
    expect(await inputs(page)).toEqual(WHILE_CLOSED);
  });

  it('A6 answers a wrong URL or subprotocol with an ERROR line, and goes on', async () => {
    const { page, complaints } = await open(await servePage());
    const here = await page.getByLabel('URL').inputValue();
    const wrong = [
      ['ftp://localhost/'],
      ['ws://localhost/#fragment'],
      ['ws://localhost:70000/'],
      ['ws://'],
      [' '],
      ['ws://localhost/', 'no"token'],
      ['ws://localhost/', 'chat chat'],
    ] as const;
    for (const [i, [url, protocols = '']] of wrong.entries()) {
      await page.getByLabel('URL').fill(url);
      await page.getByLabel('Subprotocols').fill(protocols);
      await button(page, 'Connect').click();
      await line(page, 'ERROR').nth(i).waitFor();
      expect(await inputs(page), url).toEqual(WHILE_CLOSED);
    }
    await page.getByLabel('Subprotocols').fill('');
    await connect(page, here);
    expect(complaints).toEqual([]);
  });

  it('A6 sends hex as binary, however it is separated, and shows hex and ASCII', async () => {
    const { page, complaints } = await open(await servePage());
    await connect(page);
    await choose(page, 'Binary as hex');
    const forms = [
      '48 65 6c 00 FF',
      '48656c00fF',
      '0x48, 0x65, 0x6C, 0x00, 0xff',
      '48:65:6c-00\tff\n',
    ];
    for (const [i, hex] of forms.entries()) {
      await page.getByLabel('Octets in hex').fill(hex);
      await button(page, 'Send').click();
      const echo = line(page, 'RECEIVED:')
        .filter({ hasText: 'binary · 5 octets · echo in' })
        .nth(i);
      expect(await echo.locator('.dump').textContent()).toMatch(
        /^0000 {2}48 65 6c 00 ff {35}Hel\.\.$/,
      );
    }
    expect(complaints).toEqual([]);
  });

  it('A6 refuses what is no hex in words, and sends nothing', async () => {
    const { page } = await open(await servePage());
    await connect(page);
    await choose(page, 'Binary as hex');
    const octets = page.getByLabel('Octets in hex');
    const wrong = [
      ['48 6g', '“g” is not a hex digit.'],
      ['48 6', '“6” has an odd number of digits: each octet is two, as in 0a.'],
    ] as const;
    for (const [hex, problem] of wrong) {
      await octets.fill(hex);
      await octets.press('Enter');
      await page.getByRole('alert').filter({ hasText: problem }).waitFor();
      expect(await octets.getAttribute('aria-invalid')).toBe('true');
    }
    expect(await line(page, 'SENT:').count()).toBe(0);
    await octets.fill('48');
    expect(await page.getByRole('alert').count()).toBe(0);
    await octets.press('Enter');
    await line(page, 'SENT:').waitFor();
  });

  it('A6 sends a file as one binary message and cuts its dump, but tells its size', async () => {
    const { page, complaints } = await open(await servePage());
    await connect(page);
    await choose(page, 'File');
    await button(page, 'Send').click();
    await page.getByText('Choose a file first.').waitFor();
    const buffer = Buffer.alloc(70_000, 'meerkat ');
    await page.getByLabel('File, sent').setInputFiles({ name: 'm.bin', mimeType: '', buffer });
    await button(page, 'Send').click();
    await line(page, 'SENT:').filter({ hasText: 'binary · 70,000 octets · m.bin' }).waitFor();
    const echo = line(page, 'RECEIVED:').filter({ hasText: 'binary · 70,000 octets · echo in' });
    expect(await echo.locator('.dump').textContent()).toMatch(/^01f0 .* {2}meerkat meerkat $/m);
    expect(await echo.locator('.cut').textContent()).toBe('… and 69,488 octets more');
    expect(complaints).toEqual([]);
  });

  it('A6 closes with the code and reason that were typed', async () => {
    const { page } = await open(await servePage());
    const closes: string[] = [];
    const url = await scriptedPeer((peer) => {
      peer.on('close', (code, reason) => closes.push(`${code} ${reason}`));
    });
    await connect(page, url);
    await page.getByLabel('Close code').fill('4321');
    await page.getByLabel('Close reason').fill('bis später');
    await button(page, 'Disconnect').click();
    await line(page, 'CONNECTION CLOSED 4321 Private Use, reason “bis später”').waitFor();
    await expect.poll(() => closes).toEqual(['4321 bis später']);
  });

  it('A6 closes with an empty Close frame when the code is left out', async () => {
    const { page } = await open(await servePage());
    await connect(page);
    await page.getByLabel('Close code').fill('');
    await button(page, 'Disconnect').click();
    await line(page, 'CONNECTION CLOSED 1005 No Status Received').waitFor();
  });

  it('A6 refuses a code or reason that the API would, in words, and the connection stays', async () => {
    const { page, complaints } = await open(await servePage());
    await connect(page);
    const codes = 'A page may close with 1000, with 3000 to 4999, or with no code.';
    const wrong = [
      ['1001', '', 'Close code', codes],
      ['2999', '', 'Close code', codes],
      ['5000', '', 'Close code', codes],
      ['bye', '', 'Close code', codes],
      ['', 'bye', 'Close code', 'A reason needs a close code.'],
      ['1000', 'ü'.repeat(62), 'Close reason', 'has 124 octets in UTF-8'],
    ] as const;
    for (const [code, reason, label, words] of wrong) {
      await page.getByLabel('Close code').fill(code);
      await page.getByLabel('Close reason').fill(reason);
      await button(page, 'Disconnect').click();
      await page.getByRole('alert').filter({ hasText: words }).waitFor();
      expect(await page.getByLabel(label).getAttribute('aria-invalid')).toBe('true');
      expect(await inputs(page)).toEqual(WHILE_OPEN);
    }
    await page.getByLabel('Close code').fill('1000');
    await page.getByLabel('Close reason').fill('ü'.repeat(61));
    expect(await page.getByRole('alert').count()).toBe(0);
    await button(page, 'Disconnect').click();
    await line(page, 'CONNECTION CLOSED 1000').waitFor();
    expect(complaints).toEqual([]);
  });

  it('A6 shows code and reason of a close that the server began', async () => {
    const { page } = await open(await servePage());
    await connect(page, await scriptedPeer((peer) => peer.close(1012, 'new version')));
    await line(
      page,
      'CONNECTION CLOSED 1012 Service Restart, reason “new version”, clean',
    ).waitFor();
    expect(await inputs(page)).toEqual(WHILE_CLOSED);
  });

  it('A6 shows a connection that ended without a Close frame as 1006, not clean', async () => {
    const { page } = await open(await servePage());
    await connect(page, await scriptedPeer((peer) => peer.terminate()));
    await line(page, /CONNECTION CLOSED 1006 Abnormal Closure.*not clean/).waitFor();
  });

  it('D6 connects, sends and closes by the keyboard alone', async () => {
    const { page, complaints } = await open(await servePage());
    const focused = page.locator(':focus');
    await page.keyboard.press('Tab');
    expect(await focused.getAttribute('id')).toBe('url');
    await page.keyboard.press('Enter');
    await line(page, 'CONNECTION OPENED').waitFor();
    await expect.poll(() => focused.getAttribute('id')).toBe('text');

    await page.keyboard.type('one');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('two');
    await page.keyboard.press('Enter');
    await line(page, 'RECEIVED:').filter({ hasText: 'text · 7 octets' }).waitFor();
    expect(await line(page, 'SENT:').locator('.body').textContent()).toBe('one\ntwo');
    await page.keyboard.type('typing replaces what was sent');
    await page.keyboard.press('Enter');
    await line(page, 'SENT: typing replaces what was sent').waitFor();

    await page.keyboard.press('Shift+Tab'); // the kind of message
    await page.keyboard.press('Shift+Tab');
    expect(await focused.textContent()).toBe('Disconnect');
    await page.keyboard.press('Enter');
    await line(page, 'CONNECTION CLOSED 1000').waitFor();
    expect(await focused.textContent()).toBe('Connect');
    await page.keyboard.press('Space');
    await expect.poll(() => line(page, 'CONNECTION OPENED').count()).toBe(2);
    expect(complaints).toEqual([]);
  });

  it('D7 a silent server never opens; Escape gives up', async () => {
    const { page } = await open(await servePage(), { reducedMotion: 'reduce' });
    await page.getByLabel('URL').fill(await rawPeer());
    await page.getByLabel('URL').press('Enter');
    await button(page, 'Cancel').waitFor();
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
    await page.keyboard.press('Escape');
    await line(page, /CONNECTION CLOSED 1006.*cancelled after/).waitFor();
    expect(await line(page, 'CONNECTION OPENED').count()).toBe(0);
    expect(await line(page, 'ERROR').count()).toBe(0);
  });

  it('D7 a wrong Sec-WebSocket-Accept is an ERROR and does not open', async () => {
    const { page, complaints } = await open(await servePage());
    const answer =
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Accept: ZmQ5OWUxMjgwMTViNTEyM2FmZTRlOGViODZkNTk3OTBjMWRiYjBiYg==\r\n\r\n';
    await page.getByLabel('URL').fill(await rawPeer(answer));
    await button(page, 'Connect').click();
    await line(page, 'CONNECTION CLOSED 1006').waitFor();
    expect(await line(page, 'ERROR').count()).toBe(1);
    expect(await line(page, 'CONNECTION OPENED').count()).toBe(0);
    expect(complaints).toEqual([expect.stringContaining('Sec-WebSocket-Accept')]);
  });

  it('carries every plane of Unicode both ways and counts UTF-8 octets', async () => {
    const { page } = await open(await servePage());
    await connect(page);
    await send(page, 'Grüße, 世界 🦦');
    await line(page, 'RECEIVED: Grüße, 世界 🦦 text · 20 octets · echo in').waitFor();
  });

  it('shows hostile text as text', async () => {
    const { page, complaints } = await open(await servePage());
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    await connect(
      page,
      await scriptedPeer((peer) => {
        peer.send(hostile);
        peer.close(1000, '<b>reason</b>');
      }),
    );
    await line(page, `RECEIVED: ${hostile}`).waitFor();
    await line(page, 'reason “<b>reason</b>”').waitFor();
    expect(await page.getByRole('log').locator('img, script, b').count()).toBe(0);
    expect(await page.title()).toBe('WebSocket test page · meerkat');
    expect(complaints).toEqual([]);
  });

  it('runs no script and loads nothing that is not its own, even when markup gets in', async () => {
    const { page, complaints } = await open(await servePage());
    await page.evaluate(
      `document.body.insertAdjacentHTML('beforeend', '<img src="/x.png" onerror="document.title=1">')`,
    );
    await expect.poll(() => complaints.join()).toContain('policy: img-src');
    expect(await page.title()).toBe('WebSocket test page · meerkat');
  });

  it('cuts a long text between characters and tells how much it left out', async () => {
    const { page } = await open(await servePage());
    const text = `${'a'.repeat(3_999)}🦦${'b'.repeat(95_999)}`;
    await connect(page, await scriptedPeer((peer) => peer.send(text)));
    const entry = line(page, 'RECEIVED:').filter({ hasText: 'text · 100,002 octets' });
    expect(await entry.locator('.body').textContent()).toBe('a'.repeat(3_999));
    expect(await entry.locator('.cut').textContent()).toBe('… and 96,001 characters more');
  });

  it('keeps the newest 1,000 entries', async () => {
    const { page } = await open(await servePage());
    const url = await scriptedPeer((peer) => {
      for (let i = 1; i <= 1_500; i += 1) peer.send(`message ${i}`);
    });
    await page.getByLabel('URL').fill(url);
    await button(page, 'Connect').click();
    await line(page, 'message 1500').waitFor();
    const entries = page.getByRole('log').locator('.entry');
    expect(await entries.count()).toBe(1_000);
    expect(await entries.first().textContent()).toContain('RECEIVED: message 501 ');
    expect(await page.locator('#count').textContent()).toBe('1,000 events, 501 older dropped');
  });

  it('follows the newest entry only while the reader is at the bottom', async () => {
    const { page } = await open(await servePage());
    await connect(page);
    const log = page.getByRole('log');
    const belowFold = (): Promise<number> =>
      log.evaluate((node) => node.scrollHeight - node.clientHeight - node.scrollTop);
    await send(page, 'a line\n'.repeat(100));
    await line(page, 'RECEIVED:').waitFor();
    expect(await belowFold()).toBeLessThan(1);
    expect(await button(page, 'Newest ↓').isVisible()).toBe(false);

    await log.evaluate((node) => {
      node.scrollTop = 10;
    });
    await button(page, 'Newest ↓').waitFor();
    await send(page, 'later');
    await line(page, 'RECEIVED: later').waitFor();
    expect(await log.evaluate((node) => node.scrollTop)).toBe(10);
    await button(page, 'Newest ↓').click();
    expect(await belowFold()).toBeLessThan(1);
    await button(page, 'Newest ↓').waitFor({ state: 'hidden' });
  });

  it('copies the log as text, and clears it', async () => {
    const permissions = ['clipboard-read', 'clipboard-write'];
    const { page, complaints } = await open(await servePage(), { permissions });
    await connect(page);
    await send(page, 'Hello World!');
    await line(page, 'RECEIVED:').waitFor();
    await button(page, 'Copy').click();
    await button(page, 'Copied').waitFor();
    const [opened, sent, received] = String(
      await page.evaluate('navigator.clipboard.readText()'),
    ).split('\n');
    expect(opened).toMatch(/^[\d:.]+ CONNECTION OPENED ws:/);
    expect(sent).toMatch(/^[\d:.]+ SENT: Hello World! \(text, 12 octets\)$/);
    expect(received).toMatch(
      /^[\d:.]+ RECEIVED: Hello World! \(text, 12 octets, echo in [\d.]+ ms\)$/,
    );

    await button(page, 'Clear').click();
    expect(await page.getByRole('log').textContent()).toBe('');
    expect(await inputs(page)).toEqual(WHILE_OPEN);
    expect(complaints).toEqual([]);
  });

  it('sends and connects once while Enter is held down', async () => {
    const { page } = await open(await servePage());
    await page.getByLabel('URL').focus();
    await page.keyboard.down('Enter');
    await line(page, 'CONNECTION OPENED').waitFor();
    await expect.poll(() => page.locator(':focus').getAttribute('id')).toBe('text');
    await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    expect(await inputs(page)).toEqual(WHILE_OPEN);
    await send(page, 'last');
    await line(page, 'RECEIVED: last').waitFor();
    expect(await line(page, 'SENT:').count()).toBe(1);
  });

  it('moves the focus to the log, not to a button, when the server closes under the typist', async () => {
    const { page } = await open(await servePage());
    const url = await scriptedPeer((peer) => peer.on('message', () => peer.close(1001)));
    await connect(page, url);
    await page.getByLabel('Text, sent as UTF-8').fill('bye');
    await page.getByLabel('Text, sent as UTF-8').press('Enter');
    await line(page, 'CONNECTION CLOSED 1001 Going Away').waitFor();
    expect(await page.locator(':focus').getAttribute('role')).toBe('log');
  });

  it('fills in the URL of a link, and leaves connecting to the user', async () => {
    const linked = 'wss://example.test/chat?room=1&user=2';
    const { page } = await open(`${await servePage()}#url=${encodeURIComponent(linked)}`);
    expect(await page.getByLabel('URL').inputValue()).toBe(linked);
    expect(await inputs(page)).toEqual(WHILE_CLOSED);
  });

  it.each([
    { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
    { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
    { colorScheme: 'light', viewport: { width: 320, height: 640 } },
    { colorScheme: 'dark', viewport: { width: 320, height: 640 } },
  ] as const)(
    'is legible and never wider than the window: $colorScheme, $viewport.width px',
    async (options) => {
      const { page } = await open(await servePage(), options);
      await page.getByLabel('URL').fill('ftp://wrong/');
      await button(page, 'Connect').click();
      await connect(
        page,
        await scriptedPeer((peer) => {
          peer.send('x'.repeat(500));
          peer.send(Buffer.alloc(600));
        }),
      );
      await line(page, 'RECEIVED:').nth(1).waitFor();
      await page.getByLabel('Close code').fill('1');
      await button(page, 'Disconnect').click();
      await page.getByRole('alert').waitFor();
      expect(await page.evaluate(TOO_PALE)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(
        options.viewport.width,
      );
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(ground).toBe(
        options.colorScheme === 'dark' ? 'rgb(22, 20, 18)' : 'rgb(245, 242, 236)',
      );
    },
  );

  it('labels every control', async () => {
    const { page } = await open(await servePage());
    const unlabelled = `[...document.querySelectorAll('input, textarea')].filter((c) => c.labels.length !== 1).length`;
    expect(await page.evaluate(unlabelled)).toBe(0);
  });
});
