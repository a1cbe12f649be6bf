import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { untilTestEnds } from './example.ts';
import { Program, root } from './program.ts';

const { CI, MEERKAT_NGINX: EXECUTABLE = '/usr/sbin/nginx' } = process.env;

/**
 * Declares a suite whose tests run the real nginx: Debian's, or the one that `MEERKAT_NGINX` names. Without one, the
 * suite is skipped and says so; with `CI=true` it fails instead.
 */
export function describeWithNginx(title: string, suite: () => void): void {
  if (existsSync(EXECUTABLE)) {
    describe(title, suite);
    return;
  }
  const reason = `no nginx at ${EXECUTABLE}: apt-get install nginx-light, or set MEERKAT_NGINX`;
  if (CI === 'true') {
    it(title, () => expect.unreachable(reason));
    return;
  }
  console.warn(`skipped: ${title}: ${reason}`);
  describe.skip(`${title} (${reason})`, suite);
}

/**
 * Runs nginx with `examples/nginx.conf` in front of the server at `backendPort`, until the test ends.
 *
 * @param replacements - What else is replaced in the file; each has to be there.
 * @returns The port it listens on.
 */
export async function runNginx(
  backendPort: string,
  replacements: readonly (readonly [string, string])[] = [],
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-nginx-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const template = readFileSync(join(root, 'examples/nginx.conf'), 'utf8');
  // nginx cannot say which port it was given for 0: one that is free now may be taken by somebody else until it starts.
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const conf = [
      ['listen 8000', `listen 127.0.0.1:${port}`],
      ['127.0.0.1:8080', `127.0.0.1:${backendPort}`],
      ...replacements,
    ].reduce(
      (text, [from = '', to = '']) => {
        if (!text.includes(from)) throw new Error(`examples/nginx.conf has no ${from}`);
        return text.replace(from, to);
      },
      template.replace('error_log stderr', 'error_log stderr notice'),
    );
    writeFileSync(join(folder, 'nginx.conf'), conf);
    const nginx = untilTestEnds(
      new Program(EXECUTABLE, ['-e', 'stderr', '-p', folder, '-c', 'nginx.conf']),
      'SIGTERM',
    );
    try {
      await nginx.prints(/start worker process \d+/, 'stderr');
      return port;
    } catch (error) {
      if (attempt === 3 || !nginx.stderr.includes('Address already in use')) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}
