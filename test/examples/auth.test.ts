import { createHmac } from 'node:crypto';
import { connect } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { nextMessage, type RunningExample, runExample } from '../support/example.ts';

describe('auth-cookie.ts', () => {
  const PASSWORD = 'correct-horse';

  function logIn({ http }: RunningExample, password = PASSWORD): Promise<Response> {
    const body = new URLSearchParams({ user: 'alice', password });
    return fetch(new URL('/login', http), { method: 'POST', body });
  }

  it('gives who knows the password a cookie that no script and no other site can use', async () => {
    const example = await runExample('auth-cookie', { PASSWORD, NODE_ENV: 'production' });
    const refused = await logIn(example, 'wrong');
    expect([refused.status, refused.headers.get('set-cookie')]).toEqual([403, null]);
    const { status, headers } = await logIn(example);
    expect(status).toBe(200);
    const [value, ...attributes] = (headers.get('set-cookie') ?? '').split('; ');
    expect(value).toMatch(/^session=[\w-]{43}$/);
    expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'Secure', 'SameSite=Lax']));
  });

  it('G5 lets in who has the cookie, knows the user behind each message, and logs out', async () => {
    const example = await runExample('auth-cookie', { PASSWORD });
    const dial = (cookie: string) => connect(example.url, { headers: { Cookie: cookie } });
    await expect(connect(example.url)).rejects.toMatchObject({ status: 401 });
    await expect(dial('session=guessed')).rejects.toMatchObject({ status: 401 });
    const [cookie = ''] = (await logIn(example)).headers.get('set-cookie')?.split(';') ?? [];
    const connection = await dial(`theme=dark; ${cookie}`);
    connection.send('hello');
    expect(await nextMessage(connection)).toBe('alice: hello');
    const other = await dial((await logIn(example)).headers.get('set-cookie')?.split(';')[0] ?? '');
    await fetch(new URL('/logout', example.http), { method: 'POST', headers: { Cookie: cookie } });
    expect(await connection.closed).toMatchObject({ code: 1008, reason: 'the session is over' });
    await expect(dial(cookie)).rejects.toMatchObject({ status: 401 });
    expect(other.state).toBe('open');
    example.program.kill('SIGTERM');
    expect(await other.closed).toMatchObject({ code: 1001, clean: true });
    expect(await example.program.exited).toBe(0);
  });

  it('B4 refuses the page of another site, though the cookie comes with it', async () => {
    const example = await runExample('auth-cookie', { PASSWORD });
    const [Cookie = ''] = (await logIn(example)).headers.get('set-cookie')?.split(';') ?? [];
    const dial = (Origin: string) => connect(example.url, { headers: { Cookie, Origin } });
    await expect(dial('https://evil.example')).rejects.toMatchObject({ status: 403 });
    await using connection = await dial(new URL(example.http).origin);
    expect(connection.state).toBe('open');
  });

  it('does not start without a password', async () => {
    await expect(runExample('auth-cookie', { PASSWORD: '' })).rejects.toThrow(
      'PASSWORD is not set',
    );
  });
});

describe('auth-token.ts', () => {
  const TOKEN_SECRET = 'a-secret-of-this-test';

  function token(expires: number, secret = TOKEN_SECRET): string {
    const claim = `${Buffer.from('bob').toString('base64url')}.${expires}`;
    return `${claim}.${createHmac('sha256', secret).update(claim).digest('base64url')}`;
  }
  const later = () => Date.now() + 60_000;

  it('lets a program in with the token it printed, in Authorization', async () => {
    const { program, url } = await runExample('auth-token');
    const [, printed] = await program.prints(/a token for ten minutes: (\S+)\n/);
    const headers = { Authorization: `Bearer ${printed}` };
    const connection = await connect(url, { headers, subprotocols: ['chat'] });
    connection.send('hello');
    expect(await nextMessage(connection)).toBe('alice: hello');
    program.kill('SIGTERM');
    expect(await connection.closed).toMatchObject({ code: 1001, clean: true });
    expect(await program.exited).toBe(0);
  });

  it('B7 agrees on the subprotocol "chat" with a page that offers its token beside it', async () => {
    const { url } = await runExample('auth-token', { TOKEN_SECRET });
    await using connection = await connect(url, {
      subprotocols: ['chat', `bearer.${token(later())}`],
    });
    expect(connection.protocol).toBe('chat');
    connection.send('hello');
    expect(await nextMessage(connection)).toBe('bob: hello');
  });

  it('answers 401 to a token that has expired, is of another secret, or was changed', async () => {
    const { url } = await runExample('auth-token', { TOKEN_SECRET });
    const bad = {
      none: '',
      expired: token(Date.now() - 1),
      'of another secret': token(later(), 'guessed'),
      prolonged: token(later()).replace(/\.\d+/, `.${later() + 1e6}`),
      'with a name written otherwise': token(later()).replace('.', '=.'),
      'with something behind it': `${token(later())}.x`,
    };
    for (const [what, value] of Object.entries(bad)) {
      const refused = connect(url, { headers: { Authorization: `Bearer ${value}`.trim() } });
      await expect(refused, what).rejects.toMatchObject({
        status: 401,
        headers: expect.arrayContaining([['WWW-Authenticate', 'Bearer']]),
      });
    }
  });

  it('closes with 4401 when the token expires', async () => {
    const { url } = await runExample('auth-token', { TOKEN_SECRET });
    const enter = (expires: number) =>
      connect(url, { headers: { Authorization: `Bearer ${token(expires)}` } });
    const [brief, long] = await Promise.all([enter(Date.now() + 2_000), enter(later())]);
    expect(await brief.closed).toMatchObject({ code: 4401, reason: 'the token has expired' });
    expect(long.state).toBe('open');
    await long[Symbol.asyncDispose]();
  });
});
