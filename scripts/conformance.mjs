// npm run conformance: meerkat check against meerkat's own server and client, where everything has to be right, and against the
// npm package ws, where it is known what is not; then the peers that are broken on purpose. CI runs all of it.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from './build.mjs';
import { ready, root } from './ready.mjs';

const USAGE = `npm run conformance [-- server | attached | client | ws | faults …]: runs meerkat check, all cases

  server    against meerkat serve, which listens by itself: everything OK or INFORMATIONAL
  attached  against a server of node:http that meerkat is attached to: the handshakes, which node:http reads there
  client    meerkat's client: the same
  ws        against the npm package ws: of the 517, just what is known is FAILED and NON-STRICT
  faults    against all servers and clients that are broken on purpose: each is caught as docs/reference/broken-peers.md says
`;
const CLI = join(root, 'packages/cli/bin/meerkat.js');
const FAILED_BY_WS = ['9.3.1', '9.3.2', '9.4.1', '9.4.2'];
const NON_STRICT_IN_WS = ['6.4.1', '6.4.2', '6.4.3', '6.4.4'];

/** Starts a program and answers with what `url` finds in a line of its output. */
async function start(args, url) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const [found] = url.exec(line) ?? [];
    if (found !== undefined) return { url: found, stop: () => child.kill() };
  }
  throw new Error(`${args.join(' ')} ended before it was ready`);
}

/** Runs meerkat check: its exit code. */
function check(args) {
  const child = spawn(process.execPath, [CLI, 'check', ...args], { cwd: root, stdio: 'inherit' });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

async function checkServer() {
  const flags = ['--compression', '--max-message-bytes', '67108864', '--no-request-log'];
  const server = await start([CLI, 'serve', '--port', '0', ...flags], /ws:\/\/\S+/);
  try {
    return (await check([`meerkat=${server.url}`, '--strict'])) === 0;
  } finally {
    server.stop();
  }
}

async function checkAttached() {
  const server = await start([join(root, 'scripts/conformance-attached.mjs')], /ws:\/\/\S+/);
  try {
    return (await check([`attached=${server.url}`, '--cases', 'H*', '--strict'])) === 0;
  } finally {
    server.stop();
  }
}

async function checkClient() {
  const client = join(root, 'scripts/conformance-client.mjs');
  const command = ['--', process.execPath, client];
  return (await check(['--client', '--port', '0', '--strict', ...command])) === 0;
}

async function checkWs() {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-conformance-'));
  const file = join(folder, 'ws.json');
  const server = await start([join(root, 'scripts/conformance-ws.mjs')], /ws:\/\/\S+/);
  try {
    // Our own sections hold against it what the 517 do not ask.
    await check([`ws=${server.url}`, '--exclude', 'H*', 'F*', 'C*', '--json', file]);
    const { ws } = JSON.parse(readFileSync(file, 'utf8'));
    const with_ = (verdict) => Object.keys(ws).filter((id) => ws[id].behavior === verdict);
    const same = (one, other) => one.sort().join() === other.sort().join();
    const known =
      Object.keys(ws).length === 517 &&
      same(with_('FAILED'), FAILED_BY_WS) &&
      same(with_('NON-STRICT'), NON_STRICT_IN_WS) &&
      with_('UNIMPLEMENTED').length === 0;
    console.log(known ? 'ws came out as known' : 'ws did NOT come out as known');
    return known;
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All rows of the tables; `npm test` tries some. */
async function checkFaults() {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', 'packages/conformance/test/broken'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, MEERKAT_ALL_FAULTS: 'true' },
  });
  return await new Promise((resolve) => child.on('exit', (code) => resolve(code === 0)));
}

const RUNS = {
  server: checkServer,
  attached: checkAttached,
  client: checkClient,
  ws: checkWs,
  faults: checkFaults,
};
const given = process.argv.slice(2);
if (given.includes('--help')) {
  process.stdout.write(USAGE);
  process.exit();
}
const unknown = given.find((name) => !(name in RUNS));
if (unknown !== undefined) {
  console.error(`${unknown}: no such run\n\n${USAGE}`);
  process.exit(2);
}
ready();
build();
for (const name of given.length === 0 ? Object.keys(RUNS) : given) {
  console.log(`\n--- ${name}`);
  if (!(await RUNS[name]())) process.exitCode = 1;
}
