import { describe, expect, it } from 'vitest';
import { parseRequestTarget } from '../../src/serve/request-target.ts';

describe('parseRequestTarget', () => {
  it.each([
    ['/', '/', ''],
    ['/a/b?x=1', '/a/b', '?x=1'],
    ['/a?', '/a', '?'],
    ['/a?b?c', '/a', '?b?c'],
    ['/a#b?c', '/a', ''],
    ['/a?b#c', '/a', '?b'],
    ['//evil/x', '//evil/x', ''], // H23: a path; no host is read from it
    ['/http://h/', '/http://h/', ''],
    ['http://h:1', '/', ''],
    ['http://h:1?x', '/', '?x'],
    ['HTTP://H:1/a?b', '/a', '?b'],
    ['https://h:1/../x', '/../x', ''],
  ])('splits %s', (target, pathname, query) => {
    expect(parseRequestTarget(target, 'h:1')).toEqual({ pathname, query });
  });

  it.each([
    '',
    '*',
    'h:1',
    'a',
    '\\a',
    'http://evil/',
    'http://h:1@evil/',
    'http://h:12/',
    'http://h/',
    'http://h:1\\x/',
    'http:///x',
    'http:/x',
    'ftp://h:1/',
    'ws://h:1/',
    'javascript:x',
    ' /a',
  ])('refuses "%s"', (target) => {
    expect(parseRequestTarget(target, 'h:1')).toBeUndefined();
  });
});
