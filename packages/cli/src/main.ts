import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addBenchCommand } from './bench/add-bench-command.ts';
import { addCheckCommand } from './check/add-check-command.ts';
import { type CliContext, processContext } from './cli-context.ts';
import { CliError } from './cli-error.ts';
import { addConnectCommand } from './connect/add-connect-command.ts';
import { addDiagnoseCommand } from './diagnose/add-diagnose-command.ts';
import { addExplainCommand } from './explain/add-explain-command.ts';
import { addServeCommand } from './serve/add-serve-command.ts';
import { oneLine } from './terminal/escape-controls.ts';

const HELP = `
Examples:
  meerkat serve ./public --port 8000
  meerkat connect ws://localhost:8000/websocket
  meerkat check ws://localhost:8000/websocket
  meerkat bench ws://localhost:8000/websocket
  meerkat diagnose ws://localhost:8000/websocket
  meerkat explain 1006

Exit codes: 0 fine, 1 refused or failed, 2 wrong usage. NO_COLOR=1 turns colours off.
"meerkat help COMMAND" is the manual of a command.`;

/**
 * Runs the program.
 *
 * @param args - Without the names of Node and of the program.
 * @returns The exit code: 0 fine, 1 refused or failed, 2 wrong usage. Never rejects.
 */
export async function main(
  args: readonly string[],
  context: CliContext = processContext(),
): Promise<0 | 1 | 2> {
  const complain = (message: string): void => {
    context.stderr.write(`meerkat: ${oneLine(message.trim().replace(/\s*\n\s*/g, ' '))}\n`);
  };
  // Whoever reads us may leave early (`meerkat --help | head -1`): without a listener that would be an uncaught exception.
  context.stdout.on('error', ignore);
  try {
    const program = createProgram(context, complain);
    refuseUnknownTopic(program, args);
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has spoken already
    if (error instanceof CliError) {
      complain(error.message);
      return error.exitCode;
    }
    // Not the user's fault: here the stack trace is of use.
    context.stderr.write(
      `meerkat: this should not have happened: ${(error as Error).stack ?? error}\n`,
    );
    return 1;
  }
}

/** @throws {@link CliError} for `help` on a command that is none: commander would print the help of all without a word. */
function refuseUnknownTopic(program: Command, [help, topic]: readonly string[]): void {
  const names = program.commands.map((command) => command.name());
  if (help !== 'help' || topic === undefined || topic.startsWith('-')) return;
  if (topic !== 'help' && !names.includes(topic)) {
    throw new CliError(`unknown command '${topic}'; there are ${names.join(', ')}`, 2);
  }
}

function ignore(): void {}

function createProgram(context: CliContext, complain: (message: string) => void): Command {
  const program = new Command('meerkat')
    .description('A WebSocket server and client: serve, connect, and explain what happened.')
    .version(version(), '-V, --version')
    .addHelpText('after', HELP)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text) => complain(text.replace(/^error: /, '')),
    });
  addServeCommand(program, context);
  addConnectCommand(program, context);
  addDiagnoseCommand(program, context);
  addCheckCommand(program, context);
  addBenchCommand(program, context);
  addExplainCommand(program, context);
  return program;
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
