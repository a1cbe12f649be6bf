import { COMMANDS, type CommandEntry, usageOf } from './operator-command.ts';

/** What can be typed, or all about one command. */
export function helpLines(topic: CommandEntry | undefined): string[] {
  if (topic !== undefined) {
    const aliases = topic.aliases.map((alias) => `/${alias}`).join(', ');
    return [usageOf(topic), `  ${topic.summary}`, `  also ${aliases}`];
  }
  const width = Math.max(...COMMANDS.map((entry) => usageOf(entry).length));
  return [
    ...COMMANDS.map((entry) => `  ${usageOf(entry).padEnd(width)}  ${entry.summary}`),
    `  ${'TEXT'.padEnd(width)}  without a slash: to everyone, or to whom /to chose`,
    `  ${'//TEXT'.padEnd(width)}  sends text that begins with a slash`,
  ];
}
