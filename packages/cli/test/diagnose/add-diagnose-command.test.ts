import { DEFAULT_STEP_TIMEOUT_MS } from '@meerkat/conformance';
import { describe, expect, it, onTestFinished } from 'vitest';
import { read } from '../../../../test/support/doc-page.ts';
import { Command, pipe } from '../connect/command.ts';
import { httpServer, meerkatServer, rawServer, tcpServer } from '../connect/servers.ts';

describe('meerkat diagnose', () => {
  it('prints a line for each step, ends with what it comes to, and with 0 where the server works', async () => {
    const url = await meerkatServer();
    const { code, output, errors } = await pipe('', 'diagnose', url);
    expect(output).toContain(`ok  URL: ${url} is a WebSocket without encryption`);
    expect(output).toContain('ok  Sec-WebSocket-Accept: The value belongs to our key.\n');
    expect(output).toContain('ok  text echo: A text is echoed as it was.\n');
    expect(output).toMatch(/\n\nIt works\. The connection opens/);
    expect(output).not.toContain('!!');
    expect(errors).toBe('');
    expect(code).toBe(0);
  });

  it('names what is wrong with its rule, says what to do, and ends with 1', async () => {
    const url = await rawServer(
      async (peer) => peer.end(), // it has nothing to say, and nobody has to wait for that
      () => 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    );
    const { code, output, errors } = await pipe('', 'diagnose', url);
    expect(output).toMatch(/^!! {2}Sec-WebSocket-Accept: .*fixed value/m);
    expect(output).toContain('(RFC 6455 §4.2.2)');
    expect(output).toMatch(/^ {4}→ Append 258EAFA5/m);
    expect(output).toMatch(/\nIt does not work\. Sec-WebSocket-Accept is a fixed value/);
    expect(errors).toBe(`meerkat: ${url} does not work\n`);
    expect(code).toBe(1);
  });

  it('prints the diagnosis as JSON, and nothing else', async () => {
    const url = await httpServer((_request, response) => response.writeHead(404).end());
    const { code, output } = await pipe('', 'diagnose', url, '--json');
    const diagnosis = JSON.parse(output) as { verdict: string; steps: { fault?: string }[] };
    expect(diagnosis.verdict).toBe('does not work');
    expect(diagnosis.steps.map(({ fault }) => fault)).toContain('not-found');
    expect(code).toBe(1);
  });

  it('sends header fields, subprotocols and the Origin that are given', async () => {
    const seen: string[] = [];
    const url = await tcpServer((socket) => {
      socket.once('data', (request) => {
        seen.push(request.toString());
        socket.end('HTTP/1.1 418 No\r\n\r\n');
      });
    });
    const args = [
      '-H',
      'Cookie: a=1',
      '-H',
      'Cookie: b=2',
      '-s',
      'chat,v2',
      '-o',
      'http://a.example',
    ];
    const { code } = await pipe('', 'diagnose', url, ...args);
    expect(seen[0]).toContain('\r\nCookie: a=1; b=2\r\n');
    expect(seen[0]).toContain('\r\nSec-WebSocket-Protocol: chat, v2\r\n');
    expect(seen[0]).toContain('\r\nOrigin: http://a.example\r\n');
    expect(code).toBe(1);
  });

  it('completes a URL without a scheme, and tells of a wrong one', async () => {
    const port = new URL(await meerkatServer()).port;
    expect((await pipe('', 'diagnose', `localhost:${port}`)).code).toBe(0);
    const { code, output } = await pipe('', 'diagnose', `http://localhost:${port}/#top`);
    expect(output).toMatch(/^!! {2}URL: The URL has a fragment/);
    expect(code).toBe(1);
  });

  it('marks steps with colours on a terminal, and keeps to its width', async () => {
    const command = new Command({ stdout: true });
    expect(await command.run('diagnose', await meerkatServer())).toBe(0);
    expect(command.output).toContain('\x1b[32mok\x1b[39m  \x1b[1mURL\x1b[22m: ');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes take no room
    const plain = command.output.replace(/\x1b\[\d+m/g, '');
    expect(plain.split('\n').filter((line) => line.length > 60)).toEqual([]);
  });

  it.each([
    ['no URL', [], "missing required argument 'url'"],
    ['a URL that cannot be read', ['ftp://localhost'], 'is no WebSocket URL'],
    ['a bad time', ['localhost', '--timeout', '0'], 'from 1 to 600000'],
    ['--ca without TLS', ['localhost', '--ca', 'x'], '--ca is for wss://'],
    ['--insecure without TLS', ['localhost', '--insecure'], '--insecure is for wss://'],
    ['two origins', ['localhost', '-o', 'null', '-H', 'Origin: null'], 'take one of them'],
  ])('%s is one clear line and exit code 2', async (_what, args, line) => {
    const { code, output, errors } = await pipe('', 'diagnose', ...args);
    expect(errors).toContain(line);
    expect(errors).toMatch(/^meerkat: [^\n]*\n$/);
    expect(output).toBe('');
    expect(code).toBe(2);
  });

  it('waits as long in each step as diagnose() does, unless it is told otherwise', async () => {
    const { output } = await pipe('', 'diagnose', '--help');
    expect(output).toContain(`(default: ${DEFAULT_STEP_TIMEOUT_MS})`);
  });

  it('diagnose.sh shows what diagnose.txt shows', async () => {
    const serve = new Command();
    const over = serve.run('serve', 'examples/public', '--port', '0');
    onTestFinished(async () => {
      serve.interrupt();
      await over;
    });
    const address = /ws:\/\/\S+?:(\d+)\/websocket/;
    await serve.until((printed) => address.test(printed));
    const [, port = ''] = address.exec(serve.output) ?? [];
    const of = (name: string): string =>
      read(`docs/snippets/${name}`)
        .replaceAll(':8000', `:${port}`)
        .replaceAll('port 8000', `port ${port}`);
    const [npx, meerkat, ...args] = of('diagnose.sh').trim().split(' ');
    expect([npx, meerkat]).toEqual(['npx', 'meerkat']);
    const { code, output } = await pipe('', ...args);
    // A port of another length breaks lines elsewhere, and makes the request longer.
    const told = (text: string): string => text.replace(/\s+/g, '').replace(/\d+octets/g, 'octets');
    expect(told(output)).toBe(told(of('diagnose.txt')));
    expect(code).toBe(1);
  });

  it('has a manual that fits into 80 columns', async () => {
    const command = new Command();
    expect(await command.run('diagnose', '--help')).toBe(0);
    expect(command.output).toMatch(/Exit code 0 .*Examples:.*$/s);
    expect(command.output.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});
