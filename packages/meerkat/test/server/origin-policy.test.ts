import type { ServerUpgradeRequest } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { type OriginOptions, OriginPolicy } from '../../src/server/origin-policy.ts';
import { refused, upgraded } from '../support/handshake.ts';
import { serve } from '../support/serving.ts';

/** What the policy looks at. */
function asked(origins: readonly string[], host = 'example.com'): ServerUpgradeRequest {
  return { origins, host } as ServerUpgradeRequest;
}

async function check(
  options: OriginOptions,
  origins: readonly string[],
  host?: string,
): Promise<void> {
  await new OriginPolicy(options).check(asked(origins, host));
}

const REFUSED = { code: 'WS_REQUEST_ORIGIN', status: 403 };

describe('the default', () => {
  it.each(['foo://example.com', 'chrome-extension://example.com', 'ws://example.com'])(
    'refuses %s, which is no web page of that host',
    async (origin) => {
      await expect(check({}, [origin])).rejects.toMatchObject(REFUSED);
    },
  );
});

describe('a list of origins', () => {
  const origins = [
    'https://example.com',
    'HTTP://Example.ORG:80',
    'http://[::1]:3000',
    'app://local',
  ];

  it.each([
    'https://example.com',
    'https://EXAMPLE.com:443',
    'http://example.org',
    'http://[::1]:3000',
    'app://local',
  ])('lets %s connect, to whatever Host', async (origin) => {
    await expect(check({ origins }, [origin], 'other.example')).resolves.toBeUndefined();
  });

  it.each([
    'http://example.com',
    'https://example.com:8443',
    'https://sub.example.com',
    'https://example.com.evil.example',
    'https://example.com/',
    'null',
    '',
    'http://[::1]:3001',
  ])('refuses %j, even from its own Host', async (origin) => {
    await expect(check({ origins }, [origin])).rejects.toMatchObject(REFUSED);
  });

  it('that is empty refuses every browser', async () => {
    await expect(check({ origins: [] }, ['https://example.com'])).rejects.toMatchObject(REFUSED);
    await expect(check({ origins: [] }, [])).resolves.toBeUndefined();
  });

  it.each([
    [['https://example.com/path']],
    [['example.com']],
    [['*']],
    [['https://*.example.com']],
    [['null']],
    [[5 as never]],
    ['https://example.com' as never],
    [5 as never],
  ])('throws for %j, which holds something that is no origin', (list) => {
    expect(() => new OriginPolicy({ origins: list })).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'MEERKAT_OPTION_RANGE' }),
    );
  });
});

describe('a function', () => {
  it('decides in place of the default, also later, and sees the request', async () => {
    const calls: [string, string][] = [];
    const origins = async (origin: string, { host }: ServerUpgradeRequest): Promise<boolean> => {
      await Promise.resolve();
      calls.push([origin, host]);
      return origin !== 'https://example.com';
    };
    await expect(check({ origins }, ['http://evil.example'])).resolves.toBeUndefined();
    await expect(check({ origins }, ['https://example.com'])).rejects.toMatchObject(REFUSED);
    await expect(check({ origins }, [])).resolves.toBeUndefined();
    expect(calls).toEqual([
      ['http://evil.example', 'example.com'],
      ['https://example.com', 'example.com'],
    ]);
  });

  it('accepts with true and with nothing that is merely like it', async () => {
    const origins = (() => 'yes') as never;
    await expect(check({ origins }, ['https://example.com'])).rejects.toMatchObject(REFUSED);
  });

  it('is not asked when Origin is there twice', async () => {
    const origins = (): boolean => true;
    await expect(
      check({ origins }, ['http://a.example', 'http://a.example']),
    ).rejects.toMatchObject(REFUSED);
  });

  it('that throws is a failure of ours, with its cause', async () => {
    const cause = new Error('a bug');
    const origins = (): never => {
      throw cause;
    };
    await expect(check({ origins }, ['http://a.example'])).rejects.toMatchObject({
      code: 'MEERKAT_HOOK_FAILED',
      status: 500,
      cause,
    });
  });
});

describe('dangerouslyAcceptAnyOrigin and requireOrigin', () => {
  it('the first accepts anything', async () => {
    for (const origins of [['null'], ['%%'], ['http://a', 'http://b'], []]) {
      await expect(check({ dangerouslyAcceptAnyOrigin: true }, origins)).resolves.toBeUndefined();
    }
  });

  it('the second wants an Origin all the same', async () => {
    const options = { dangerouslyAcceptAnyOrigin: true, requireOrigin: true };
    await expect(check(options, [])).rejects.toMatchObject(REFUSED);
    await expect(check(options, ['null'])).resolves.toBeUndefined();
  });

  it.each(['requireOrigin', 'dangerouslyAcceptAnyOrigin'])('%s must be a boolean', (name) => {
    expect(() => new OriginPolicy({ [name]: 'false' } as OriginOptions)).toThrow(
      expect.objectContaining({ code: 'MEERKAT_OPTION_RANGE' }),
    );
  });
});

describe('on a server', () => {
  it('decides before the upgrade hook is asked', async () => {
    let hooks = 0;
    const site = await serve({
      origins: ['https://example.com'],
      upgrade: () => {
        hooks += 1;
        return {};
      },
    });
    const headers = { Origin: 'http://127.0.0.1' };
    expect((await refused(site, { headers })).status).toBe(403);
    expect(hooks).toBe(0);
    await upgraded(site.port, { headers: { Origin: 'https://example.com' } });
    expect(hooks).toBe(1);
  });

  it('quotes an Origin in the 403 so that no line of it is taken for ours', async () => {
    const site = await serve();
    const response = await refused(site, { headers: { Origin: '"><script>alert(1)</script>' } });
    expect(response.header('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.header('x-content-type-options')).toBe('nosniff');
    expect(response.body).toContain('\\"><script>');
  });
});
