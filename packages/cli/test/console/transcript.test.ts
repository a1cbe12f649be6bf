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
    return this.ready();
  }

  ready(signal?: AbortSignal): Promise<void> | undefined {
    if (!this.blocked || signal?.aborted === true) return undefined;
    return new Promise((resolve) => {
      signal?.addEventListener('abort', () => resolve());
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
    void person.shown.record(() => 'it rained');
    expect(person.paper.text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} it rained\n$/);
    const program = transcript();
    void program.shown.record(() => 'it rained');
    expect(program.paper.text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z it rained\n$/);
  });

  it('prints answers without a time', () => {
    const { paper, shown } = transcript();
    void shown.print(() => ['one', 'two']);
    expect(paper.text).toBe('one\ntwo\n');
  });

  it('A7 waits while the output is behind, and makes its text afterwards', async () => {
    const { paper, shown } = transcript();
    paper.blocked = true;
    let made = 0;
    const said = (): string => {
      made += 1;
      if (made === 1) paper.blocked = true; // what the first one writes is too much again
      return `#${made} says`;
    };
    const { signal } = new AbortController();
    const both = [shown.heard(said, signal), shown.heard(said, signal)];
    expect(made).toBe(0);
    await paper.catchUp();
    expect(made).toBe(1);
    await paper.catchUp();
    await Promise.all(both.map((one) => Promise.resolve(one)));
    expect(paper.text).toMatch(/^\S+ #1 says\n\S+ #2 says\n$/);
  });

  it('keeps nothing of a client that left while the output was behind', async () => {
    const { paper, shown } = transcript();
    paper.blocked = true;
    const left = new AbortController();
    const heard = shown.heard(() => '#1 says', left.signal);
    left.abort();
    await paper.catchUp();
    await heard;
    expect(paper.text).toBe('');
  });

  it('counts what passes while the output is behind, and sums it up once', async () => {
    const { paper, shown } = transcript();
    shown.passing('came', () => '#1 is here');
    paper.blocked = true;
    const second = shown.record(() => '#2 says: b');
    for (let number = 0; number < 1_000; number += 1) shown.passing('came', () => '#3 is here');
    shown.passing('left', () => '#4 left');
    shown.passing('refused', () => '#5 was refused');
    expect(paper.text.split('\n')).toHaveLength(2);
    await paper.catchUp();
    await second;
    expect(paper.text.split('\n').slice(2)).toEqual([
      expect.stringMatching(
        /Z while the output was behind: 1000 came, 1 left, 1 were refused; \/list shows who is here$/,
      ),
      '',
    ]);
    shown.passing('left', () => '#6 left');
    expect(paper.text).toMatch(/#6 left\n$/);
  });

  it('goes on counting where the output is behind again', async () => {
    const { paper, shown } = transcript();
    paper.blocked = true;
    shown.passing('came', () => 'b');
    const caughtUp = paper.catchUp();
    paper.blocked = true;
    await caughtUp;
    expect(paper.text).not.toContain('behind');
    await paper.catchUp();
    expect(paper.text).toContain('while the output was behind: 1 came;');
  });

  it('S19 begins no row of a terminal with what a client chose', () => {
    const { paper, shown } = transcript(true);
    const forged = '12:01:02.123 #2 127.0.0.1:1 says: forged';
    for (const padding of [' '.repeat(45), 'x'.repeat(45), '宽'.repeat(22)]) {
      shown.passing('came', () => `#1 says: ${padding}${forged}`);
    }
    const rows = paper.text.trimEnd().split('\n');
    expect(rows.filter((row) => /^\d\d:/.test(row))).toHaveLength(3);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(60);
  });
});
