import { expect, it } from 'vitest';
import { isPublicHost } from '../../src/bench/public-host.ts';

const never = (): Promise<readonly string[]> => Promise.reject(new Error('was looked up'));

it.each(['localhost', 'x.localhost', '127.0.0.1', '127.8.8.8', '[::1]', '10.1.2.3', '172.31.0.1'])(
  '%s is no public host',
  async (host) => {
    expect(await isPublicHost(host, never)).toBe(false);
  },
);

it.each([
  '192.168.1.1',
  '169.254.0.1',
  '100.64.0.1',
  '[fd00::1]',
  '[fe80::1]',
  '[::ffff:10.0.0.1]',
])('%s is no public host either', async (host) => {
  expect(await isPublicHost(host, never)).toBe(false);
});

it.each(['192.0.2.1', '172.32.0.1', '11.0.0.1', '[2001:db8::1]', '[::ffff:192.0.2.1]'])(
  '%s is a public host',
  async (host) => {
    expect(await isPublicHost(host, never)).toBe(true);
  },
);

it('a name is what any of its addresses is; one that nobody knows is nothing', async () => {
  const resolve = (name: string): Promise<readonly string[]> =>
    Promise.resolve({ inside: ['10.0.0.1'], both: ['10.0.0.1', '192.0.2.1'] }[name] ?? []);
  expect(await isPublicHost('inside', resolve)).toBe(false);
  expect(await isPublicHost('both', resolve)).toBe(true);
  expect(await isPublicHost('nobody', resolve)).toBe(false);
  expect(await isPublicHost('localhost.invalid')).toBe(false); // asked of the system, which knows no such name
});
