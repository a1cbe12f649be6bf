// The chat of docs/tutorial, and the page beside it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, connect } from 'meerkat';
import { afterEach, describe, expect, it } from 'vitest';
import { describeInChromium } from '../support/chromium.ts';
import { read } from '../support/doc-page.ts';
import { Program } from '../support/program.ts';

const running: Program[] = [];

async function startChat(): Promise<{ chat: Program; authority: string }> {
  const chat = Program.source('examples/tutorial-chat.ts', [], { PORT: '0' });
  running.push(chat);
  const [, port] = await chat.prints(/port: (\d+)/);
  return { chat, authority: `localhost:${port}` };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.stop()));
});

async function next(messages: AsyncIterator<unknown>): Promise<unknown> {
  return (await messages.next()).value;
}

describe('examples/tutorial-chat.ts', () => {
  async function enter(
    authority: string,
  ): Promise<[Connection<undefined>, AsyncIterator<unknown>]> {
    const connection = await connect(`ws://${authority}/chat`);
    return [connection, connection[Symbol.asyncIterator]()];
  }

  it('tells everybody what one says, and who comes and goes', async () => {
    const { chat, authority } = await startChat();
    const [first, toFirst] = await enter(authority);
    expect(await next(toFirst)).toBe('guest 1 is here');
    const [second, toSecond] = await enter(authority);
    expect(await next(toSecond)).toBe('guest 2 is here');
    expect(await next(toFirst)).toBe('guest 2 is here');
    second.send('hello');
    expect(await next(toFirst)).toBe('guest 2: hello');
    expect(await next(toSecond)).toBe('guest 2: hello');
    second.close();
    expect((await toSecond.next()).done).toBe(true);
    expect(await next(toFirst)).toBe('guest 2 left');
    await chat.prints(/guest 2 left: 1000/);
    first.send(new Uint8Array([1]));
    expect((await toFirst.next()).done).toBe(true);
    expect(await first.closed).toMatchObject({ code: 1003, by: 'peer' });
  });

  it('says 1001 and a reason to everybody when it is stopped, and ends', async () => {
    const { chat, authority } = await startChat();
    const connection = await connect(`ws://${authority}/chat`);
    chat.kill('SIGINT');
    expect(await connection.closed).toMatchObject({ code: 1001, reason: 'the chat is over' });
    expect(await chat.exited).toBe(0);
  });

  it('is JavaScript as it stands there, for a file that ends in .mjs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meerkat-tutorial-'));
    try {
      writeFileSync(join(folder, 'tutorial-chat.mjs'), read('examples/tutorial-chat.ts'));
      const check = new Program(process.execPath, ['--check', 'tutorial-chat.mjs'], {
        cwd: folder,
      });
      expect([await check.exited, check.stderr]).toEqual([0, '']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('prints what tutorial-run.txt says, under the name that tutorial-run.sh runs', async () => {
    const { chat, authority } = await startChat();
    const [, port = ''] = authority.split(':');
    await chat.prints(/\}\n/);
    expect(chat.stdout.replace(port, '8080')).toBe(read('docs/snippets/tutorial-run.txt'));
    expect(read('docs/snippets/tutorial-run.sh')).toBe('node tutorial-chat.mjs\n');
  });

  it('is installed by tutorial-install.sh from the archive that npm pack writes', () => {
    const { name, version } = JSON.parse(read('packages/meerkat/package.json')) as {
      name: string;
      version: string;
    };
    const commands = read('docs/snippets/tutorial-install.sh');
    expect(commands).toContain('npm run build\nnpm pack -w packages/meerkat\n');
    expect(commands).toContain(`/${name}-${version}.tgz\n`);
  });
});

describeInChromium('step 2 of the tutorial', (open) => {
  it('shows on the test page what the tutorial says', async () => {
    const served = Program.meerkat(['serve', 'examples/public', '--port', '0']);
    running.push(served);
    const [url, authority] = await served.prints(/http:\/\/(localhost:\d+)\//);
    const { page } = await open(url);
    const log = page.getByRole('log');
    expect(await page.getByLabel('URL').inputValue()).toBe(`ws://${authority}/websocket`);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await log.getByText('CONNECTION OPENED').waitFor();
    await page.getByLabel('Text, sent as UTF-8').fill('Hello World!');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await log.locator('.entry', { hasText: /SENT:.*Hello World!/s }).waitFor();
    await log.locator('.entry', { hasText: /RECEIVED:.*Hello World!/s }).waitFor();
    await page.getByRole('button', { name: 'Disconnect', exact: true }).click();
    await log.locator('.entry', { hasText: /CONNECTION CLOSED.*1000/s }).waitFor();
  });
});

describeInChromium('examples/tutorial-chat.html', (open) => {
  it('shows in each window what the other one says, and how the connection ended', async () => {
    const { chat, authority } = await startChat();
    const one = await open(`http://${authority}/`);
    await one.page.getByText('guest 1 is here').waitFor();
    const other = await open(`http://${authority}/`);
    await one.page.getByText('guest 2 is here').waitFor();
    await other.page.getByLabel('Say').fill('<b>hello</b>');
    await other.page.getByRole('button', { name: 'Send' }).click();
    for (const { page } of [one, other]) {
      await page.getByText('guest 2: <b>hello</b>').waitFor();
    }
    expect(await other.page.getByLabel('Say').inputValue()).toBe('');
    chat.kill('SIGTERM');
    await one.page.getByText('closed: 1001 the chat is over').waitFor();
    expect([one.complaints, other.complaints]).toEqual([[], []]);
  });

  it('may not be served by another site: its socket would be refused', async () => {
    const { authority } = await startChat();
    const elsewhere = await startChat(); // another port is another origin
    const { page, complaints } = await open(`http://${elsewhere.authority}/`);
    await page.getByText('open', { exact: true }).waitFor();
    const failed = page.evaluate(
      `new Promise((resolve) => {
        new WebSocket('ws://${authority}/chat').onclose = ({ code }) => resolve(code);
      })`,
    );
    expect(await failed).toBe(1006);
    expect(complaints.join()).toContain('403');
  });
});
