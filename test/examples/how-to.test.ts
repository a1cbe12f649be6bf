import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PROGRAM } from '../support/built-program.ts';
import { read } from '../support/doc-page.ts';
import { listeningUrl, untilTestEnds } from '../support/example.ts';
import { describeWithNginx, runNginx } from '../support/nginx.ts';
import { Program, root } from '../support/program.ts';

// Each page is followed as a reader follows it, in an empty folder with nothing but what its npm line names. Only the
// network is left out: packages are links to those of the checkout, and meerkat is built as `npm pack` would find it.

/** What a page shows, in its order: blocks of other kinds than these would not be tested. */
interface Steps {
  readonly program: string;
  readonly install: string;
  readonly run: string;
  /** Before the program is started, in its folder. */
  readonly before?: string;
  /** Commands of the second terminal, each with what it prints, as far as that is always the same. */
  readonly trials: readonly (readonly [command: string, output: string])[];
}

const CONNECT = ['connect.sh', 'connect.txt'] as const;
const CONNECTIONS = ['connections.sh', 'connections.txt'] as const;
const PAGES: Readonly<Record<string, Steps>> = {
  'plain-http': {
    program: 'echo-server',
    install: 'install.sh',
    run: 'run.sh',
    trials: [['plain-http.sh', 'plain-http.txt'], CONNECT],
  },
  express: {
    program: 'express',
    install: 'express-install.sh',
    run: 'run.sh',
    trials: [CONNECTIONS, CONNECT],
  },
  fastify: {
    program: 'fastify',
    install: 'fastify-install.sh',
    run: 'run.sh',
    trials: [CONNECTIONS, CONNECT],
  },
  hono: {
    program: 'hono',
    install: 'hono-install.sh',
    run: 'run.sh',
    trials: [CONNECTIONS, CONNECT],
  },
  wss: {
    program: 'wss',
    install: 'install.sh',
    before: 'certificate.sh',
    run: 'run.sh',
    trials: [['wss-connect.sh', 'connect.txt']],
  },
  'many-routes': {
    program: 'many-routes',
    install: 'install.sh',
    run: 'run.sh',
    trials: [['many-routes.sh', 'many-routes.txt']],
  },
  'auth-cookie': {
    program: 'auth-cookie',
    install: 'auth-cookie-install.sh',
    run: 'auth-cookie-run.sh',
    trials: [['auth-cookie-connect.sh', 'auth-cookie-connect.txt']],
  },
  'auth-token': {
    program: 'auth-token',
    install: 'install.sh',
    run: 'run.sh',
    trials: [['auth-token-connect.sh', 'auth-token-connect.txt']],
  },
  'behind-nginx': {
    program: 'behind-nginx',
    install: 'install.sh',
    run: 'run.sh',
    trials: [['nginx-connect.sh', 'nginx-connect.txt']],
  },
  broadcast: {
    program: 'broadcast',
    install: 'install.sh',
    run: 'run.sh',
    trials: [['broadcast.sh', 'broadcast.txt']],
  },
  'from-ws': {
    program: 'from-ws',
    install: 'install.sh',
    run: 'run.sh',
    trials: [['from-ws.sh', 'from-ws.txt']],
  },
  'graceful-deploy': {
    program: 'graceful-deploy',
    install: 'install.sh',
    run: 'run.sh',
    trials: [],
  },
};

const snippet = (name: string): string => read(`docs/snippets/${name}`);

/** Blocks of a page: the file that each names, and what it shows. */
function blocks(page: string): Map<string, string> {
  const found = read(`docs/how-to/${page}.md`).matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm);
  return new Map([...found].map(([, file = '', content = '']) => [file, content]));
}

let packed = '';

beforeAll(() => {
  packed = mkdtempSync(join(tmpdir(), 'meerkat-packed-'));
  execFileSync(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    ...['-p', join(root, 'packages/meerkat'), '--outDir', join(packed, 'dist')],
    ...['--tsBuildInfoFile', join(packed, '.tsbuildinfo')],
  ]);
  writeFileSync(join(packed, 'package.json'), read('packages/meerkat/package.json'));
});
afterAll(() => rmSync(packed, { recursive: true }));

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-how-to-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Does what the lines of an install snippet do, without the network. */
function install(lines: string, folder: string): void {
  const [init, type, add = ''] = lines.trimEnd().split('\n');
  expect([init, type]).toEqual(['npm init -y', 'npm pkg set type=module']);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  expect(add).toMatch(/^npm install \/path\/to\/meerkat-0\.1\.0\.tgz /);
  for (const name of add.split(' ').slice(2)) {
    const [target, link] = name.endsWith('.tgz')
      ? [packed, 'meerkat']
      : [join(root, 'node_modules', name), name];
    const path = join(folder, 'node_modules', link);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path, 'junction');
  }
}

/** Starts what a run snippet starts: node itself, as only that hears signals; npx would be one above it. */
function run(lines: string, folder: string): Program {
  const [, assignment, args] =
    /^(?:(\w+=\S+) )?node (--import tsx server\.ts)\n$/.exec(lines) ?? [];
  if (args === undefined) throw new Error(`not a run snippet: ${lines}`);
  const [name = '', value = ''] = assignment?.split('=') ?? [];
  const env = { PORT: '0', PROBE_DELAY: '0', ...(name === '' ? {} : { [name]: value }) };
  return untilTestEnds(new Program(process.execPath, args.split(' '), { cwd: folder, env }));
}

/** Runs the commands of a snippet for the second terminal, with the client from its sources. */
async function inSecondTerminal(
  lines: string,
  places: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const client = `"${process.execPath}" "${PROGRAM}"`;
  let script = lines.replaceAll('npx meerkat', client);
  for (const [from, to] of Object.entries(places)) script = script.replaceAll(from, to);
  const shell = untilTestEnds(new Program('sh', ['-e', '-c', script], { env }));
  shell.endInput();
  const code = await shell.exited;
  expect(code, shell.stderr).toBe(0);
  return shell.stdout.trimEnd();
}

function follow(page: string): void {
  const steps = PAGES[page] as Steps;

  it(`docs/how-to/${page}.md leads from an empty folder to what it promises`, async (context) => {
    for (const tool of ['curl', 'openssl']) {
      const used = [steps.before, ...steps.trials.map(([command]) => command)].some(
        (name) => name !== undefined && snippet(name).includes(`${tool} `),
      );
      if (!used || spawnSync(tool, ['--version']).error === undefined) continue;
      const reason = `${tool} is missing: apt-get install ${tool}`;
      if (process.env['CI'] === 'true') throw new Error(reason);
      console.warn(`skipped: docs/how-to/${page}.md: ${reason}`);
      context.skip(reason);
    }
    const folder = emptyFolder();
    install(snippet(steps.install), folder);
    if (steps.before !== undefined) {
      execFileSync('sh', ['-e', '-c', snippet(steps.before)], { cwd: folder, stdio: 'pipe' });
    }
    writeFileSync(
      join(folder, 'server.ts'),
      blocks(page).get(`examples/${steps.program}.ts`) ?? '',
    );
    const server = run(snippet(steps.run), folder);
    const url = await listeningUrl(server);
    const { port } = new URL(url);
    const places: Record<string, string> = {
      '/path/to': folder,
      ':8080': `:${port}`,
      ':8443': `:${port}`,
    };
    if (page === 'behind-nginx') places[':8000'] = `:${await runNginx(port)}`;
    const [, TOKEN] = page === 'auth-token' ? await server.prints(/minutes: (\S+)\n/) : [];
    for (const [command, output] of steps.trials) {
      const printed = await inSecondTerminal(
        snippet(command),
        places,
        TOKEN === undefined ? {} : { TOKEN },
      );
      expect(printed).toBe(snippet(output).trimEnd());
    }
    server.kill('SIGTERM');
    expect([await server.exited, server.stderr]).toEqual([0, '']);
  });
}

/** Pages about a command of the program, whose steps the tests of that command take. */
const WITHOUT_PROGRAM = ['README', 'check-a-client', 'check-a-server', 'diagnose', 'load-test'];

describe('the how-to pages', () => {
  const names = readdirSync(join(root, 'docs/how-to')).map((name) => name.replace(/\.md$/, ''));

  it('are all known here', () => {
    expect(names.sort()).toEqual([...WITHOUT_PROGRAM, ...Object.keys(PAGES)].sort());
  });

  it.each(Object.entries(PAGES))(
    '%s.md shows all steps that are tested, and no others',
    (page, steps) => {
      const shown = [
        'pack.sh',
        steps.install,
        ...(steps.before === undefined ? [] : [steps.before]),
        `examples/${steps.program}.ts`,
        steps.run,
        ...(page === 'behind-nginx' ? ['examples/nginx.conf', 'nginx-run.sh'] : []),
        ...steps.trials.flat(),
        ...(page === 'graceful-deploy' ? ['graceful-connect.sh'] : []),
      ].map((name) => (name.startsWith('examples/') ? name : `docs/snippets/${name}`));
      expect([...blocks(page).keys()]).toEqual(shown);
    },
  );

  it.each(names)('%s.md starts no server through npx: signals would not reach it', (page) => {
    expect(read(`docs/how-to/${page}.md`)).not.toMatch(/npx tsx \S+\.ts/);
  });

  it('pack meerkat with scripts that exist, into the file that the pages install', () => {
    expect(snippet('pack.sh')).toBe('npm run build\nnpm pack -w packages/meerkat\n');
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(existsSync(join(root, (scripts['build'] ?? '').replace('node ', '')))).toBe(true);
    const { name, version } = JSON.parse(read('packages/meerkat/package.json')) as Record<
      string,
      string
    >;
    expect(`${name}-${version}.tgz`).toBe('meerkat-0.1.0.tgz');
  });
});

describe('each how-to page', () => {
  for (const page of Object.keys(PAGES)) if (page !== 'behind-nginx') follow(page);
});

describeWithNginx('the how-to page about nginx', () => {
  follow('behind-nginx');

  it('starts nginx as the tests do', () => {
    expect(snippet('nginx-run.sh')).toBe('nginx -e stderr -p . -c nginx.conf\n');
  });
});

it('a client that graceful-connect.sh runs is told that the server restarts', async () => {
  const server = untilTestEnds(
    Program.source('examples/graceful-deploy.ts', [], { PORT: '0', PROBE_DELAY: '0' }),
  );
  const url = await listeningUrl(server);
  const [, args = ''] =
    /^npx meerkat (connect ws:\/\/localhost:8080\S+ .*)\n$/.exec(snippet('graceful-connect.sh')) ??
    [];
  const client = untilTestEnds(Program.meerkat(args.replace(/ws:\S+/, url).split(' ')));
  await client.prints(/hello\n/);
  server.kill('SIGTERM');
  await client.exited;
  expect(client.stderr).toMatch(/1012 service restart/);
  expect(await server.exited).toBe(0);
});
