// docs/reference/command-line.md: the flags of every command, as commander has them.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command, type Option } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { cell, expectGenerated, read, table } from '../../../../test/support/doc-page.ts';
import { root } from '../../../../test/support/program.ts';
import { type CliContext, processContext } from '../../src/cli-context.ts';
import { COMMANDS_HELP } from '../../src/connect/line-command.ts';
import { COMMANDS, usageOf } from '../../src/console/operator-command.ts';

/** How a description gives the default that commander is not told. */
const SAID_DEFAULT = / \(default: (.+)\)$/;

describe('docs/reference/command-line.md', () => {
  const page = 'docs/reference/command-line.md';
  const program = new Command('meerkat');

  beforeAll(async () => {
    const folder = 'packages/cli/src';
    const files = readdirSync(join(root, folder), { recursive: true })
      .map((name) => String(name).replaceAll('\\', '/'))
      .filter((name) => /(^|\/)add-\w+-command\.ts$/.test(name));
    for (const file of files.sort()) {
      const module: Record<string, unknown> = await import(
        /* @vite-ignore */ join(root, folder, file)
      );
      for (const [name, value] of Object.entries(module)) {
        if (!/^add\w+Command$/.test(name)) continue;
        (value as (program: Command, context: CliContext) => void)(program, processContext());
      }
    }
  });

  function meaning({
    description,
    argChoices,
    conflictsWith,
  }: Option & { conflictsWith?: string[] }) {
    const sentences = [description.replace(SAID_DEFAULT, '')];
    if (argChoices !== undefined) sentences.push(`one of ${argChoices.join(', ')}`);
    if (conflictsWith !== undefined && conflictsWith.length > 0) {
      const flags = conflictsWith.map(
        (name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      );
      sentences.push(`not with ${flags.join(', ')}`);
    }
    return cell(sentences.join('; '));
  }

  function defaultOf({ defaultValue, defaultValueDescription, description }: Option): string {
    if (defaultValueDescription !== undefined) return cell(defaultValueDescription);
    const [, said] = SAID_DEFAULT.exec(description) ?? [];
    const text = String(defaultValue ?? said ?? '');
    return text === '' || text.includes(' ') ? cell(text) : `\`${text}\``;
  }

  it('has the flags of every command as commander has them', () => {
    expect(program.commands.length).toBeGreaterThan(2);
    for (const command of program.commands) {
      const head = ['flag', 'default', 'what it does'];
      const groups = new Map<string, string[][]>();
      for (const option of command.options) {
        const { helpGroupHeading = 'Options:' } = option as { helpGroupHeading?: string };
        const rows = groups.get(helpGroupHeading) ?? [];
        rows.push([cell(`\`${option.flags}\``), defaultOf(option), meaning(option)]);
        groups.set(helpGroupHeading, rows);
      }
      const parts = [...groups].map(([heading, rows]) =>
        [`**${heading.replace(/:$/, '')}**`, '', ...table(head, rows)].join('\n'),
      );
      expectGenerated(page, `flags: ${command.name()}`, [parts.join('\n\n')]);
    }
  });

  it('has the commands of the console, and those of connect, as their help has them', () => {
    const head = ['what you type', 'what it does', 'also'];
    const rows = COMMANDS.map((command) => [
      cell(`\`${usageOf(command)}\``),
      cell(command.summary),
      command.aliases.map((alias) => `\`/${alias}\``).join(', '),
    ]);
    expectGenerated(page, 'console commands', table(head, rows));
    const lines = COMMANDS_HELP.map((line) => {
      const [typed = '', meaning = ''] = line.split(/ {2,}/);
      return [cell(`\`${typed}\``), cell(meaning)];
    });
    expectGenerated(page, 'line commands', table(head.slice(0, 2), lines));
  });

  it('has every command, with its arguments', () => {
    const headings = [...read(page).matchAll(/^## `meerkat (.+)`$/gm)].map(([, usage]) => usage);
    const usages = program.commands.map((command) => {
      const args = command.registeredArguments.map((argument) => {
        const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
        return argument.required ? `<${name}>` : `[${name}]`;
      });
      return [command.name(), ...args].join(' ');
    });
    expect(headings.sort()).toEqual(usages.sort());
  });
});
