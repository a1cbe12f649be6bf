// The steps of docs/tutorial that are taken with the program, on a real terminal: what it shows is what the page says.
import { afterEach, describe, expect, it } from 'vitest';
import { read } from '../../../../test/support/doc-page.ts';
import { Program, root } from '../../../../test/support/program.ts';
import { describeOnTerminal, PseudoTerminal } from '../terminal/pseudo-terminal.ts';

const running: Program[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.stop()));
});

function start(program: Program): Program {
  running.push(program);
  return program;
}

/** What a page shows, with the port that the test got in place of the one that the page names. */
function snippet(name: string, from?: string, to?: string): string {
  const text = read(`docs/snippets/${name}`);
  return from === undefined || to === undefined ? text : text.replaceAll(`:${from}`, `:${to}`);
}

/** `npx meerkat …` of a snippet, as arguments. */
function argumentsOf(name: string, from: string, to: string): string[] {
  const words = snippet(name, from, to).trim().split(' ');
  expect(words.slice(0, 2)).toEqual(['npx', 'meerkat']);
  return words.slice(2);
}

/** A terminal of 60 columns breaks lines where a page does not. */
const unbroken = (text: string): string => text.replace(/\s+/g, '');

const shows =
  (text: string) =>
  (lines: readonly string[]): boolean =>
    unbroken(lines.join('')).includes(unbroken(text));

describe('the tutorial', () => {
  it('tutorial-start.sh starts a server that says what tutorial-start.txt says', async () => {
    expect(snippet('tutorial-start.sh')).toBe('npm start\n');
    const scripts = JSON.parse(read('package.json')).scripts as Record<string, string>;
    expect(scripts['start']).toBe('node scripts/start.mjs');
    expect(read('scripts/start.mjs')).toContain("'examples/public'");
    const server = start(Program.meerkat(['serve', 'examples/public', '--port', '0']));
    const [, port = ''] = await server.prints(/http:\/\/localhost:(\d+)\//);
    const wanted = snippet('tutorial-start.txt', '8000', port);
    await server.prints(/ends it\.\n/);
    expect(server.stdout.replace(root, '/path/to/meerkat/')).toBe(wanted);
  });
});

describeOnTerminal('the tutorial on a terminal', () => {
  it('tutorial-echo.sh shows what tutorial-echo.txt shows', async () => {
    const server = start(Program.meerkat(['serve', 'examples/public', '--port', '0']));
    const [, port = ''] = await server.prints(/ws:\/\/localhost:(\d+)\//);
    const terminal = new PseudoTerminal(argumentsOf('tutorial-echo.sh', '8000', port));
    await terminal.until(shows('closes>'));
    terminal.type('hello\r');
    await terminal.until(shows('< hello'));
    terminal.type('\u0004');
    expect(await terminal.exitCode()).toBe(0);
    const screen = unbroken(terminal.screen.lines.join('\n'));
    expect(screen).toBe(unbroken(snippet('tutorial-echo.txt', '8000', port)));
  });

  it('tutorial-talk.sh, twice, shows what tutorial-talk.txt and tutorial-stop.txt show', async () => {
    const chat = start(Program.source('examples/tutorial-chat.ts', [], { PORT: '0' }));
    const [, port = ''] = await chat.prints(/port: (\d+)/);
    const command = argumentsOf('tutorial-talk.sh', '8080', port);
    const first = new PseudoTerminal(command);
    await first.until(shows('guest 1 is here'));
    const second = new PseudoTerminal(command);
    await first.until(shows('guest 2 is here'));
    first.type('hello\r');
    await first.until(shows('guest 1: hello'));
    await second.until(shows('guest 1: hello'));
    chat.kill('SIGINT');
    expect(await first.exitCode()).toBe(0);
    expect(await second.exitCode()).toBe(0);
    expect(await chat.exited).toBe(0);
    const wanted = snippet('tutorial-talk.txt', '8080', port) + snippet('tutorial-stop.txt');
    expect(unbroken(first.screen.lines.join('\n'))).toBe(unbroken(wanted));
  });
});
