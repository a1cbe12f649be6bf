// What the README shows of the program is what it really prints.
import { readFileSync } from 'node:fs';
import { connect } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { expect, it, onTestFinished } from 'vitest';
import { Program } from '../../../test/support/program.ts';
import { describeOnTerminal, PseudoTerminal } from './terminal/pseudo-terminal.ts';

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** The one block of a language in the README. */
function block(language: string): string {
  const blocks = [...README.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))];
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[1] ?? '';
}

/** What differs from run to run, made the same. */
function normalized(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z|\b\d\d:\d\d:\d\d\.\d{3}\b/g, 'TIME')
    .replace(/(localhost|127\.0\.0\.1):\d+/g, '$1:PORT')
    .replace(/after \d+\.\d s/g, 'after SECONDS')
    .replace(/#\d+/g, '#ID')
    .replace(/^(meerkat serves ).*$/m, '$1FOLDER');
}

describeOnTerminal('README', () => {
  it('shows the session of an operator as it really looks', async () => {
    const terminal = new PseudoTerminal(
      ['serve', '--port', '0', '--host', '127.0.0.1', '--console', '--quit-word', 'quit'],
      {},
      100,
    );
    await terminal.until((lines) => lines.at(-1) === 'all>');
    const [url = ''] = /ws:\/\/\S+/.exec(terminal.screen.lines.join('\n')) ?? [];
    const client = await connect(url.replace('localhost', '127.0.0.1'), { message() {} });
    client.send('hello');
    await terminal.until((lines) => lines.some((line) => line.endsWith('says: hello')));
    terminal.type('hi, who is there?\r');
    await terminal.until((lines) => lines.some((line) => line.includes('you said to all')));
    client.send('quit');
    await terminal.until((lines) => lines.some((line) => line.includes(' left: 1000')));
    terminal.type('/quit\r');
    expect(await terminal.exitCode()).toBe(0);
    const [, ...shown] = block('console').trimEnd().split('\n');
    expect(normalized(terminal.screen.lines.join('\n'))).toBe(normalized(shown.join('\n')));
  });
});

it('A7 README shows the dump of the documents’ own exchange as it really prints', async () => {
  const shown = block('text');
  const octets = [...shown.matchAll(/^(\S+Z \S+ \S+ <- .* octets)\n((?:[0-9a-f]{8} .*\n)+)/gm)].map(
    ([, , rows = '']) => rows.replace(/^[0-9a-f]{8} | {2}\|.*$/gm, '').trim(),
  );
  expect(octets).toHaveLength(2);
  const [request = '', hello = ''] = octets;
  const program = Program.meerkat(['serve', '--port', '0', '--hexdump']);
  onTestFinished(async () => void (await program.stop()));
  const [, port] = await program.prints(/ws:\/\/localhost:(\d+)\/websocket/);
  const peer = await RawPeer.connect(Number(port));
  await peer.send(request);
  await peer.takeHead();
  await peer.send(hello);
  expect(await peer.take(14)).toBe('81 0c 48 65 6c 6c 6f 20 57 6f 72 6c 64 21');
  peer.end();
  await program.prints(/closed\n/);
  const printed = program.stdout.slice(program.stdout.indexOf('Ctrl-C ends it.\n') + 16);
  expect(normalized(printed)).toBe(normalized(shown));
});
