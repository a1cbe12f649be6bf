import { expect, it } from 'vitest';
import { ConnectionIds } from '../../src/serve/connection-ids.ts';

it('numbers connections from 1 in the order in which they are asked for, and each always the same', () => {
  const ids = new ConnectionIds();
  const [a, b] = [{}, {}];
  expect([ids.of(a), ids.of(b), ids.of(a), ids.of({}), ids.of(b)]).toEqual([1, 2, 1, 3, 2]);
});

it('gives what stands for a connection its number, whoever is asked for first', () => {
  const ids = new ConnectionIds();
  const [socket, standIn, early, late] = [{}, {}, {}, {}];
  ids.alias(standIn, socket);
  expect([ids.of(standIn), ids.of(socket)]).toEqual([1, 1]);
  expect(ids.of(early)).toBe(2);
  ids.alias(late, early);
  expect([ids.of(late), ids.of({})]).toEqual([2, 3]);
});

it('numbers connections of another server anew', () => {
  const socket = {};
  new ConnectionIds().of({});
  expect(new ConnectionIds().of(socket)).toBe(1);
});
