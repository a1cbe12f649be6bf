import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePath, resolvePath } from '../../src/serve/path-resolver.ts';
import { evilPathname } from './evil-pathname.ts';

describe('resolvePath', () => {
  it.each([
    ['/', [], true],
    ['/a.txt', ['a.txt'], false],
    ['/a/b/c', ['a', 'b', 'c'], false],
    ['/a/b/', ['a', 'b'], true],
    ['/a%20b/%C3%A9', ['a b', 'é'], false],
    ['/100%25', ['100%'], false],
    ['/a..b/c...', ['a..b', 'c...'], false],
    ['/%3F%23', ['?#'], false],
  ])('takes %s apart', (pathname, segments, isDirectory) => {
    expect(resolvePath(pathname)).toEqual({ segments, isDirectory });
  });

  it.each([
    '/../x',
    '/%2e%2e/x',
    '/..%2fx',
    '/..%5cx',
    '/..\\x',
    '/sub/../../x',
    '/sub/..',
    '/a%2f..%2fb',
  ])('S1 does not serve %s', (pathname) => {
    expect(resolvePath(pathname)).toBe(404);
  });

  it('S2 decodes once: %252e%252e is a name that no hidden file has', () => {
    expect(resolvePath('/%252e%252e/x')).toEqual({ segments: ['%2e%2e', 'x'], isDirectory: false });
    expect(resolvePath('/....//')).toBe(404);
    expect(resolvePath('/%c0%ae%c0%ae/x')).toBe(400);
  });

  it.each(['/%00', '/a%00.txt', '/%E0%A4%A', '/%', '/a%zz', '/%ff', '/%ed%a0%80'])(
    'S3 calls %s malformed',
    (pathname) => {
      expect(resolvePath(pathname)).toBe(400);
    },
  );

  it.each(['/.env', '/%2eenv', '/.git/config', '/a/.b/c', '/.', '/...', '/a/.'])(
    'S6 hides %s',
    (pathname) => {
      expect(resolvePath(pathname)).toBe(404);
    },
  );

  it.each(['//evil/..', '//evil', '/\\evil', '/a//b', '/a//', '/\\evil.example/%2e%2e', '/a%5c'])(
    'S7 does not serve %s, which a browser could read as another host',
    (pathname) => {
      expect(resolvePath(pathname)).toBe(404);
    },
  );

  it('calls a path without a leading slash malformed', () => {
    expect(resolvePath('')).toBe(400);
    expect(resolvePath('a')).toBe(400);
  });

  it('P11 never leaves the root by name', () => {
    fc.assert(
      fc.property(evilPathname, (pathname) => {
        const path = resolvePath(pathname);
        if (typeof path === 'number') return;
        const { segments } = path;
        expect(join('/the/root', ...segments)).toBe(['/the/root', ...segments].join('/'));
        for (const segment of segments) expect(segment).not.toMatch(/^$|^\.|[/\\\0]/);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('encodePath', () => {
  it('S7 writes exactly one leading slash, and reads back as the same names', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), fc.boolean(), (names, isDirectory) => {
        const path = encodePath(names, isDirectory);
        expect(path).toMatch(/^\/[^/\\]/);
        expect(path).toMatch(/^[!-~]+$/);
        const read = resolvePath(path);
        if (typeof read !== 'number') expect(read).toEqual({ segments: names, isDirectory });
      }),
    );
  });
});
