// The browser's own API against `meerkat serve`: constructor, onopen, onmessage, onerror, onclose, send, close.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInChromium } from '../support/chromium.ts';
import { Program } from '../support/program.ts';

let served: Program;

beforeAll(() => {
  served = Program.meerkat(['serve', 'examples/public', '--port', '0', '--subprotocols', 'chat']);
});
afterAll(async () => {
  await served.stop();
});

/** What happens to a WebSocket in a page, in order; `script` gets it as `ws`, and `done` ends it. */
const EVENTS = (url: string, script: string): string => `new Promise((done) => {
  const events = [];
  const ws = new WebSocket(${url}, ['superchat', 'chat']);
  ws.binaryType = 'arraybuffer';
  events.push(['constructed', ws.readyState, ws.url.startsWith('ws://')]);
  ws.onerror = () => events.push(['error', ws.readyState]);
  ws.onclose = (event) => {
    events.push(['close', event.code, event.reason, event.wasClean, ws.readyState]);
    done(events);
  };
  ${script}
})`;

describeInChromium('the browser API', (open) => {
  it('D5 constructor, onopen, send, onmessage, close and onclose work against our server', async () => {
    const [url] = await served.prints(/http:\/\/localhost:\d+\//);
    const { page, complaints } = await open(url);
    const script = `
      ws.onopen = () => {
        events.push(['open', ws.readyState, ws.protocol]);
        ws.send('Grüße 👋');
        ws.send(new Uint8Array([0, 255]));
      };
      ws.onmessage = ({ data }) => {
        events.push(['message', typeof data === 'string' ? data : [...new Uint8Array(data)]]);
        if (typeof data !== 'string') ws.close(4321, 'enough');
      };`;
    const here = "location.origin.replace('http', 'ws') + '/websocket'";
    expect(await page.evaluate(EVENTS(here, script))).toEqual([
      ['constructed', 0, true],
      ['open', 1, 'chat'],
      ['message', 'Grüße 👋'],
      ['message', [0, 255]],
      ['close', 4321, '', true, 3], // the server answers with the code, as it must
    ]);
    expect(complaints).toEqual([]);
  });

  it('D5 onerror and onclose tell that our server did not upgrade', async () => {
    const [url] = await served.prints(/http:\/\/localhost:\d+\//);
    const { page } = await open(url);
    const elsewhere = "location.origin.replace('http', 'ws') + '/rest'";
    expect(await page.evaluate(EVENTS(elsewhere, ''))).toEqual([
      ['constructed', 0, true],
      ['error', 3],
      ['close', 1006, '', false, 3],
    ]);
  });
});
