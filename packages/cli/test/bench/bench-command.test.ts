import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Topics } from 'meerkat';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { readReport } from '../../src/bench/report/read-report.ts';
import { Command } from '../connect/command.ts';
import { httpServer, meerkatServer, wsServer } from '../connect/servers.ts';

/** A run that is over soon. */
const SHORT = ['-c', '4', '-t', '100ms', '--warm-up', '0'] as const;

interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

async function bench(...args: readonly string[]): Promise<Ran> {
  const command = new Command();
  const code = await command.run('bench', ...args);
  return { code, output: command.output, errors: command.errors };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'meerkat-bench-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Runs with the report on standard output. */
async function report(
  ...args: readonly string[]
): Promise<{ code: number; errors: string } & ReturnType<typeof readReport>> {
  const { code, output, errors } = await bench(...args, '--json', '-');
  return { code, errors, ...readReport(output) };
}

describe('meerkat bench', () => {
  it('tells of the package ws how many messages a second it echoes, and ends with 0', async () => {
    const { code, output, errors } = await bench(await wsServer(), ...SHORT);
    expect(output).toMatch(
      /^ws:\/\/localhost:\d+\/\necho, 4 connections, 1 message on the way each/,
    );
    expect(output).toMatch(/\nMessages +[\d,.]+ a second received/);
    expect(output).toMatch(/\n +p50 +p90 +p99 +p99\.9 +max\n|\nLatency +p50/);
    expect(errors).not.toContain('meerkat:');
    expect(code).toBe(0);
  });

  it('sends several sizes as binary with --depth, over TLS, and measures the server by --pid', async () => {
    const certificate = selfSigned();
    const ca = join(folder(), 'ca.pem');
    writeFileSync(ca, certificate.cert);
    const { code, messages, plan, server } = await report(
      ...[await meerkatServer({}, certificate), ...SHORT, '--ca', ca, '-d', '8', '-s', '20,1k'],
      ...['--binary', '--pid', `${process.pid}`, '-H', 'X-Secret: hush'],
    );
    expect(messages).toMatchObject({ wrong: 0, missing: 0 });
    expect(messages.received).toBeGreaterThan(10);
    expect(messages.bytesPerSecond / messages.receivedPerSecond).toBeGreaterThan(100);
    expect(server?.cpuMicrosPerMessage).toBeGreaterThan(0);
    expect(JSON.stringify(plan)).not.toContain('hush');
    expect(code).toBe(0);
  });

  it('sends at a --rate, whatever comes back', async () => {
    const { code, messages, latency } = await report(
      ...[await meerkatServer(), '-c', '4', '-t', '200ms', '--warm-up', '0', '-r', '200'],
    );
    expect(messages.sent).toBeGreaterThan(20);
    expect(messages.sent).toBeLessThan(400); // as fast as it can it would be thousands
    expect(latency?.count).toBeGreaterThan(20);
    expect(code).toBe(0);
  });

  it('publishes, and waits until every subscriber has it', async () => {
    const topics = new Topics();
    const url = await meerkatServer({
      open(connection) {
        if (connection.url.startsWith('/sub')) topics.subscribe('all', connection);
      },
      message(_connection, message) {
        topics.publish('all', message);
      },
    });
    const { code, messages } = await report(
      ...[`${url}sub`, ...SHORT, '-m', 'broadcast', '--publish-url', `${url}pub`, '--window', '2'],
    );
    expect(messages.sent).toBeGreaterThan(2);
    expect(messages.received).toBeGreaterThan(3 * messages.sent);
    expect(messages.wrong).toBe(0);
    expect(code).toBe(0);
  });

  it('opens and closes connections with --mode connect, and counts handshakes', async () => {
    const { code, connections, handshakesPerSecond, handshake } = await report(
      ...[await meerkatServer(), ...SHORT, '--mode', 'connect', '--min-handshakes', '1'],
    );
    expect(connections.opened).toBeGreaterThan(4);
    expect(handshakesPerSecond).toBeGreaterThan(1);
    expect(handshake?.count).toBeGreaterThan(0);
    expect(code).toBe(0);
  });

  it('keeps connections with --mode idle', async () => {
    let open = 0;
    const url = await meerkatServer({
      open() {
        open += 1;
      },
    });
    const idle = ['-m', 'idle', '-t', '50ms', '-c', '20', '--pid', `${process.pid}`];
    const { code, connections, messages } = await report(url, ...idle);
    expect([open, connections.peak, messages.sent]).toEqual([20, 20, 0]);
    expect(code).toBe(0);
  });

  it('lets users go through a scenario, at a rate', async () => {
    const scenario = join(folder(), 'hello.yaml');
    writeFileSync(scenario, `steps: [send: 'I am \${user}', expect: { echo: true }]`);
    const url = await meerkatServer();
    const more = ['-r', '100', '-t', '300ms', '--scenario', scenario];
    const { code, output, errors } = await bench(url, ...SHORT, ...more);
    expect(output).toMatch(/\nscenario hello, 4 users, /);
    expect(output).toMatch(/\nTurns +[\d,.]+ a second/);
    expect([code, errors]).toEqual([0, expect.not.stringContaining('meerkat:')]);
  });

  it('says so when it loads what is neither here nor private', async () => {
    const dial = ['-c', '1', '-t', '50ms', '--warm-up', '0', '--connect-timeout', '50ms'];
    const { code, errors } = await bench('ws://192.0.2.1/', ...dial, '--quiet');
    expect(errors).toMatch(
      /^meerkat: 192\.0\.2\.1 is neither this machine nor in a private network\./,
    );
    expect(code).toBe(1);
  });
});

describe('meerkat bench ends with 1', () => {
  it('where a threshold is missed, and names it', async () => {
    const { code, output, errors } = await bench(
      ...[await meerkatServer(), ...SHORT, '--max-p99', '1us', '--max-latency', '1m', '--quiet'],
    );
    expect(output).toMatch(/\nok +max .* ≤ 60/);
    expect(output).toMatch(/\nMISSED +p99 .* > 1\.00 µs\n$/);
    expect(errors).toMatch(/^meerkat: p99 .* > 1\.00 µs\n$/);
    expect(code).toBe(1);
  });

  it('where other octets come back than were sent', async () => {
    const url = await wsServer((peer) => {
      peer.on('message', (data: Buffer) => peer.send('x'.repeat(data.length)));
    });
    const { code, output, errors } = await bench(url, ...SHORT, '--quiet');
    expect(output).toContain('WRONG PAYLOADS');
    expect(errors).toMatch(/^meerkat: .*wrong payloads: \d+/);
    expect(code).toBe(1);
  });

  it('where the server refuses', async () => {
    const url = await httpServer((_request, response) => response.writeHead(401).end());
    const { code, output, errors } = await bench(url, ...SHORT, '--quiet');
    expect(output).toMatch(/\n +4 +handshake refused: .*401/);
    expect(output).toMatch(/Refused with 401: .*\(-H\)/);
    expect([code, errors]).toEqual([1, 'meerkat: no connection could be opened\n']);
  });

  it('where nobody listens, also for a scenario', async () => {
    const scenario = join(folder(), 'x.json');
    writeFileSync(scenario, '{"steps": ["connect"]}');
    const dial = ['ws://127.0.0.1:1/', ...SHORT, '--quiet', '--scenario', scenario];
    const { code, output, errors } = await bench(...dial);
    expect(output).toMatch(/could not connect: step 1 \(connect\): ECONNREFUSED: nobody listens/);
    expect([code, errors]).toEqual([1, 'meerkat: no connection could be opened\n']);
  });

  it('where the server closes in the middle, with its words', async () => {
    const url = await wsServer((peer) => {
      let count = 0;
      peer.on('message', (data, binary) => {
        count += 1;
        if (count === 5) peer.close(1011, 'out of breath');
        else peer.send(data, { binary });
      });
    });
    const { code, output, errors } = await bench(url, ...SHORT, '-t', '10s', '--quiet');
    expect(output).toMatch(/connection lost: .*1011.*out of breath/);
    expect(errors).toMatch(/^meerkat: no connection was left/);
    expect(code).toBe(1);
  });

  it('where more failed than may, what was on its way on a lost connection included', async () => {
    for (const [allowed, expected] of [
      ['8', 'meerkat: failures 9 > 8\n'],
      ['9', ''],
    ] as const) {
      let peers = 0;
      const url = await wsServer((peer) => {
        peers += 1;
        const first = peers === 1;
        peer.on('message', (data, binary) => {
          if (first) peer.terminate();
          else peer.send(data, { binary });
        });
      });
      const lossy = ['-d', '8', '--max-failures', allowed, '--quiet'];
      const { code, errors } = await bench(url, ...SHORT, ...lossy);
      expect([code, errors]).toEqual([expected === '' ? 0 : 1, expected]);
    }
  });

  it('where the server dies', async () => {
    let count = 0;
    const url = await wsServer((peer) => {
      peer.on('message', (data, binary) => {
        count += 1;
        if (count > 20) peer.terminate();
        else peer.send(data, { binary });
      });
    });
    const { code, connections, endedEarly } = await report(url, ...SHORT, '-t', '10s', '--quiet');
    expect([code, connections.lost, endedEarly]).toEqual([1, 4, 'no connection was left']);
  });

  it('where nothing comes back', async () => {
    const { code, output, errors } = await bench(await wsServer(() => {}), ...SHORT, '--quiet');
    expect(output).toMatch(/This server does not echo: [\s\S]*--scenario/);
    expect([code, errors]).toEqual([1, 'meerkat: no message came back\n']);
  });

  it('where one side speaks TLS and the other does not, with what to do', async () => {
    const plain = (await meerkatServer()).replace('ws:', 'wss:');
    const noTls = await bench(plain, ...SHORT, '--quiet');
    expect(noTls.output).toMatch(
      /could not connect: the server speaks no TLS at this port \(wrong version number\): try\s+ws:\/\/ in\s+place of wss:\/\//,
    );
    const secure = await meerkatServer({}, selfSigned());
    const untrusted = await bench(secure, ...SHORT, '--quiet');
    expect(untrusted.output).toMatch(/DEPTH_ZERO_SELF_SIGNED_CERT: .*--ca FILE;\s+--insecure/);
    const noPlain = await bench(secure.replace('wss:', 'ws:'), ...SHORT, '--quiet');
    expect(noPlain.output).toMatch(/Is it TLS\?: .*wss:\/\/ in place of ws:\/\//);
    expect([noTls.code, untrusted.code, noPlain.code]).toEqual([1, 1, 1]);
  });

  it('where a scenario has no failure, and no turn of it comes to its end', async () => {
    const scenario = join(folder(), 'x.yaml');
    writeFileSync(scenario, 'steps: [send: a, wait: 1h]');
    const short = [...SHORT, '--quiet', '--scenario', scenario];
    const { code, output, errors } = await bench(await meerkatServer(), ...short);
    expect(output).toContain('NO TURN CAME TO ITS END');
    expect([code, errors]).toEqual([1, 'meerkat: no turn of the scenario came to its end\n']);
  });

  it('where no turn of a scenario comes to its end', async () => {
    const scenario = join(folder(), 'x.yaml');
    writeFileSync(scenario, 'steps: [send: a, expect: b]');
    const url = await meerkatServer();
    const { code, errors } = await bench(url, ...SHORT, '--quiet', '--scenario', scenario);
    expect(errors).toBe('meerkat: no turn of the scenario came to its end\n');
    expect(code).toBe(1);
  });

  it('where the name of the server is unknown', async () => {
    const { code, errors } = await bench('ws://nowhere.invalid/', ...SHORT);
    expect(errors).toMatch(/^meerkat: nothing is known of nowhere\.invalid: /);
    expect(code).toBe(1);
  });
});

describe('meerkat bench, reports', () => {
  it('writes JSON and a page, and compares with it later', async () => {
    const path = folder();
    const [json, html] = [join(path, 'now.json'), join(path, 'now.html')];
    const url = await meerkatServer();
    expect((await bench(url, ...SHORT, '--json', json, '--html', html)).code).toBe(0);
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>/i);
    const written = readReport(readFileSync(json, 'utf8'));
    expect(written.plan.connections).toBe(4);
    // As if it had been a hundred times as fast.
    const { receivedPerSecond } = written.messages;
    const faster = { ...written.messages, receivedPerSecond: receivedPerSecond * 100 };
    writeFileSync(json, JSON.stringify({ ...written, messages: faster }));
    const compare = ['--compare', json, '--max-slower', '50%', '--quiet'];
    const { code, output, errors } = await bench(url, ...SHORT, ...compare);
    expect(output).toContain('Compared with the earlier run');
    expect(errors).toMatch(/^meerkat: .*earlier .*50 %/);
    expect(code).toBe(1);
  });

  it('leaves no file behind where the load cannot begin', async () => {
    const json = join(folder(), 'now.json');
    const { code, errors } = await bench(
      'ws://127.0.0.1:1/',
      ...SHORT,
      '--pid',
      '4000000',
      '--json',
      json,
    );
    expect(errors).toMatch(/^meerkat: --pid 4000000: there is no process 4000000/);
    expect([code, existsSync(json)]).toEqual([2, false]);
  });
});

describe('meerkat bench, Ctrl-C', () => {
  it('once: tells what was measured', async () => {
    const command = new Command();
    let measured = 0;
    const url = await meerkatServer({
      message(connection, message) {
        connection.send(message);
        if (!command.errors.includes('measuring')) return;
        measured += 1;
        if (measured === 50) command.interrupt();
      },
    });
    const json = join(folder(), 'now.json');
    const long = ['-c', '2', '-t', '1h', '--warm-up', '0', '--json', json];
    expect(await command.run('bench', url, ...long)).toBe(0);
    expect(command.errors).toContain('meerkat: ending; Ctrl-C again ends at once\n');
    expect(command.output).toMatch(/\nInterrupted: /);
    expect(readReport(readFileSync(json, 'utf8')).messages.received).toBeGreaterThan(10);
  });

  it('before anything was measured: ends with 1, and leaves earlier reports alone', async () => {
    const command = new Command();
    const path = folder();
    const [json, html] = [join(path, 'now.json'), join(path, 'now.html')];
    writeFileSync(json, 'an earlier one');
    const reports = ['--json', json, '--html', html];
    const running = command.run('bench', await meerkatServer(), '-c', '2', '-t', '1h', ...reports);
    while (!command.errors.includes('warming up')) {
      await new Promise((resolve) => command.stderr.once('written', resolve));
    }
    expect(readdirSync(path)).toEqual(['now.json']);
    command.interrupt();
    expect(await running).toBe(1);
    expect(command.errors).toMatch(/\nmeerkat: interrupted before anything was measured\n$/);
    expect(readFileSync(json, 'utf8')).toBe('an earlier one');
    expect(readdirSync(path)).toEqual(['now.json']);
  });

  it('twice: ends at once', async () => {
    const command = new Command();
    const running = command.run('bench', await meerkatServer(), '-c', '2', '-t', '1h');
    while (!command.errors.includes('warming up')) {
      await new Promise((resolve) => command.stderr.once('written', resolve));
    }
    command.interrupt();
    command.interrupt();
    expect(await running).toBe(1);
    expect(command.errors).toMatch(/\nmeerkat: ended at once\n$/);
  });
});
