// `meerkat serve --console` in pipes, as a process of its own.
import { expect, it, onTestFinished } from 'vitest';
import { Program } from '../../../../test/support/program.ts';
import { Guest } from './harness.ts';

async function piped(...flags: readonly string[]): Promise<{ program: Program; url: string }> {
  const program = Program.meerkat(['serve', '--port', '0', '--console', ...flags]);
  onTestFinished(async () => {
    program.kill('SIGKILL');
    await program.exited;
  });
  const [url] = await program.prints(/ws:\/\/\S+/);
  return { program, url };
}

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

it('D4 a command a line in, a record a line out, what is wrong to stderr', async () => {
  const { program, url } = await piped();
  const guest = await Guest.dial(url);
  await program.prints(/#1 \S+ is here/);
  guest.connection.send(`two\nlines ${TIME} #2 forged`);
  await program.prints(/#1 \S+ says/);
  program.write('/send 1 hi\n/send 9 hi\nto all');
  program.endInput();
  expect(await guest.messages(2)).toEqual(['hi', 'to all']);
  guest.connection.close(1000, 'bye');
  await program.prints(/left/);
  const record = new RegExp(`^${TIME} (#1 \\S+ (?:is here|says|left)|you said to)`);
  const transcript = program.stdout.slice(program.stdout.indexOf(' ends it.\n') + 10);
  const lines = transcript.split('\n').slice(0, -1);
  expect(lines.map((line) => record.exec(line)?.[1]?.replace(/ \S+:\d+/, ''))).toEqual([
    '#1 is here',
    '#1 says',
    'you said to',
    'you said to',
    '#1 left',
  ]);
  expect(program.stderr).toBe('there is no client #9; /list shows who is here\n');
  expect(await program.stop()).toBe(0);
});

it('D1 goes on when its input ends, and ends with /quit', async () => {
  const { program, url } = await piped('--echo');
  const guest = await Guest.dial(url);
  guest.connection.send('anybody?');
  expect(await guest.messages(1)).toEqual(['anybody?']);
  program.write('/quit\n');
  expect(await guest.connection.closed).toMatchObject({ code: 1001 });
  expect(await program.exited).toBe(0);
});

it('ends when nobody reads its transcript any more', async () => {
  const { program, url } = await piped();
  program.closeOutput();
  const guest = await Guest.dial(url);
  expect(await guest.connection.closed).toMatchObject({ code: 1001 });
  expect(await program.exited).toBe(0);
});
