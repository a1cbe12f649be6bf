import { expect, it } from 'vitest';
import { fillIn } from '../../src/wire/head-template.ts';

it('puts values in, each where its name stands, and looks at no value again', () => {
  expect(fillIn('{a} {b-c} {a}', { a: '{b-c}', 'b-c': '$&' })).toBe('{b-c} $& {b-c}');
});

it('leaves what has no value, names of Object.prototype too', () => {
  expect(fillIn('{a} {constructor} {A} {}', { b: '1' })).toBe('{a} {constructor} {A} {}');
});
