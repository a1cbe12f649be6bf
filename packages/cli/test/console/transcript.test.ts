import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Transcript } from '../../src/console/transcript.ts';
import type { LineIo } from '../../src/terminal/line-io.ts';
import { Collector } from '../connect/command.ts';

/** An output that is behind when it is told to be. */
class Paper implements LineIo {
  readonly interactive = false;
  text = '';
  blocked = false;
  #resume: (() => void)[] = [];

  write(data: string | Uint8Array): Promise<void> | undefined {
    this.text += data.toString();
    if (!this.blocked) return undefined;
    return new Promise((resolve) => {
      this.#resume.push(resolve);
    });
  }

  async catchUp(): Promise<void> {
    this.blocked = false;
    for (const resume of this.#resume.splice(0)) resume();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async *lines(): AsyncGenerator<readonly Uint8Array[], void> {}
  endInput(): void {}
  note(): void {}
  writeError(): void {}
}

function transcript(terminal = false): { paper: Paper; shown: Transcript } {
  const paper = new Paper();
  const context = {
    stdin: new PassThrough(),
    stdout: new Collector(terminal),
    stderr: new Collector(terminal),
    env: { NO_COLOR: '1' },
    onInterrupt: () => () => {},
  };
  return { paper, shown: new Transcript(context, paper) };
}

describe('Transcript', () => {
  it('D4 puts the time before what happens: of the day for a person, in full for a program', () => {
    const person = transcript(true);
    void person.shown.record('it rained');
    expect(person.paper.text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} it rained\n$/);
    const program = transcript();
    void program.shown.record('it rained');
    expect(program.paper.text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z it rained\n$/);
  });

  it('prints answers without a time', () => {
    const { paper, shown } = transcript();
    void shown.print(['one', 'two']);
    expect(paper.text).toBe('one\ntwo\n');
  });

  it('counts what passes while the output is behind, and sums it up once', async () => {
    const { paper, shown } = transcript();
    shown.passing('came', '#1 is here');
    paper.blocked = true;
    const first = shown.record('#1 says: a');
    const second = shown.record('#2 says: b');
    for (let number = 0; number < 1_000; number += 1) shown.passing('came', '#3 is here');
    shown.passing('left', '#4 left');
    shown.passing('refused', '#5 was refused');
    expect(paper.text.split('\n')).toHaveLength(4);
    await paper.catchUp();
    await Promise.all([first, second]);
    expect(paper.text.split('\n').slice(3)).toEqual([
      expect.stringMatching(
        /Z while the output was behind: 1000 came, 1 left, 1 were refused; \/list shows who is here$/,
      ),
      '',
    ]);
    shown.passing('left', '#6 left');
    expect(paper.text).toMatch(/#6 left\n$/);
  });

  it('goes on counting where the output is behind again', async () => {
    const { paper, shown } = transcript();
    paper.blocked = true;
    void shown.record('a');
    shown.passing('came', 'b');
    const caughtUp = paper.catchUp();
    paper.blocked = true;
    await caughtUp;
    expect(paper.text).not.toContain('behind');
    void shown.record('c');
    await paper.catchUp();
    expect(paper.text).toContain('while the output was behind: 1 came;');
  });
});
