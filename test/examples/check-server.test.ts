import { expect, it } from 'vitest';
import { read } from '../support/doc-page.ts';
import { untilTestEnds } from '../support/example.ts';
import { Program } from '../support/program.ts';

it('check-server.ts is a test that passes, as Node runs it', async () => {
  const program = untilTestEnds(Program.source('examples/check-server.ts'));
  expect(await program.exited, program.stdout + program.stderr).toBe(0);
  expect(program.stdout).toMatch(/^\S+ pass 1$/m);
});

it('the README of @meerkat/conformance shows it', () => {
  const example = read('examples/check-server.ts').replace(/^(?:\/\/.*\n)+/, '');
  expect(read('packages/conformance/README.md')).toContain(`\`\`\`ts\n${example}\`\`\`\n`);
});
