import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RunProgress, showProgress } from '../../src/check/progress.ts';
import type { CliContext } from '../../src/cli-context.ts';
import { Collector } from '../connect/command.ts';
import { Screen } from '../terminal/screen.ts';
import { caseResult } from './case-result.ts';

const IDS = ['1.1.1', '1.1.2', '2.1', '2.2', '12.1.1', 'F1.1'];

function setUp(
  isTTY: boolean,
  {
    env = {},
    verbose = false,
    ids = IDS,
  }: { env?: NodeJS.ProcessEnv; verbose?: boolean; ids?: string[] } = {},
): { progress: RunProgress; stderr: Collector } {
  const stderr = new Collector(isTTY);
  const context: CliContext = {
    stdin: new PassThrough(),
    stdout: new Collector(false),
    stderr,
    env,
    onInterrupt: () => () => {},
  };
  return { progress: showProgress({ ids, verbose }, context), stderr };
}

const place = (agent: string, done: number) => ({ agent, done, selected: IDS.length });

describe('progress elsewhere than on a terminal', () => {
  it('is a line for each section that is finished, and each failure as it comes', () => {
    const { progress, stderr } = setUp(false);
    progress.ended(caseResult('2.1'), place('echo/1.0', 1));
    progress.ended(
      caseResult('1.1.2', { behavior: 'FAILED', result: 'answers with "x\n"' }),
      place('echo/1.0', 2),
    );
    progress.ended(caseResult('1.1.1', { behavior: 'INFORMATIONAL' }), place('echo/1.0', 3));
    progress.ended(
      caseResult('2.2', { behaviorClose: 'UNCLEAN', resultClose: 'never answers a Close' }),
      place('echo/1.0', 4),
    );
    progress.ended(
      caseResult('F1.1', { findings: [{ code: 'CONTENT', text: 'corrupts the echo' }] }),
      place('echo/1.0', 5),
    );
    progress.close();
    expect(stderr.text).toBe(
      [
        'echo/1.0',
        '1.1.2 FAILED: answers with "x\\n"',
        'section 1, message sizes: 2 cases, 1 informational, 1 failed',
        '2.2 UNCLEAN: never answers a Close',
        'section 2, ping, pong: 2 cases, 1 passed, 1 failed',
        'F1.1 CONTENT: corrupts the echo',
        'section F, frames others forget: 1 case, 1 failed',
        '',
      ].join('\n'),
    );
  });

  it('names the agent again when another takes its turn', () => {
    const { progress, stderr } = setUp(false);
    for (const agent of ['a', 'b', 'a']) {
      progress.ended(caseResult(agent === 'b' ? 'F1.1' : '12.1.1'), place(agent, 1));
    }
    progress.ended(caseResult('F1.1'), place('a', 2));
    expect(stderr.text.match(/^[ab]$/gm)).toEqual(['a', 'b', 'a']);
  });

  it('does not flood: after 25 failures it names the summary', () => {
    const ids = Array.from({ length: 40 }, (_, at) => `6.1.${at + 1}`);
    const { progress, stderr } = setUp(false, { ids });
    for (const id of ids) progress.ended(caseResult(id, { behavior: 'FAILED' }), place('a', 1));
    expect(stderr.text.match(/ FAILED: /g)).toHaveLength(25);
    expect(stderr.text.match(/^more failures are in the summary$/gm)).toHaveLength(1);
    expect(stderr.text).toContain('section 6, UTF-8: 40 cases, 40 failed\n');
  });

  it('is a line for each case with --verbose', () => {
    const { progress, stderr } = setUp(false, { verbose: true });
    progress.ended(caseResult('2.1', { behavior: 'NON-STRICT' }), place('a', 1));
    expect(stderr.text).toBe('a\n2.1 NON-STRICT: what 2.1 sends\n');
  });

  it('is made of lines on a terminal that is dumb', () => {
    const { progress, stderr } = setUp(true, { env: { TERM: 'dumb' } });
    progress.ended(caseResult('12.1.1'), place('a', 1));
    expect(stderr.text).toBe(
      'a\nsection 12, permessage-deflate, payload kinds: 1 case, 1 passed\n',
    );
  });
});

describe('progress on a terminal', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  // A terminal's driver makes CR LF of LF.
  const rows = (stderr: Collector) =>
    Screen.of(stderr.text.replaceAll('\n', '\r\n'), stderr.columns).lines;

  it('is one line that is rewritten, and gone at the end', () => {
    const { progress, stderr } = setUp(true);
    progress.ended(caseResult('2.1'), place('echo', 1));
    vi.advanceTimersByTime(100);
    expect(rows(stderr)).toEqual(['echo: 1 of 6, 0 s, to go: sections 1 2 12 F']);
    progress.ended(caseResult('2.2', { behavior: 'FAILED' }), place('echo', 2));
    progress.ended(caseResult('F1.1'), place('echo', 3));
    vi.advanceTimersByTime(100);
    expect(rows(stderr)).toEqual(['echo: 3 of 6, 0 s, 1 failed, to go: 1.1.1, 1.1.2, 12.1.1']);
    vi.advanceTimersByTime(1_800);
    expect(rows(stderr)).toEqual(['echo: 3 of 6, 2 s, 1 failed, to go: 1.1.1, 1.1.2, 12.1.1']);
    progress.close();
    expect(rows(stderr)).toEqual([]);
  });

  it('is written ten times a second at most, however many cases end', () => {
    const ids = Array.from({ length: 500 }, (_, at) => `6.1.${at + 1}`);
    const { progress, stderr } = setUp(true, { ids });
    for (const id of ids) {
      progress.ended(caseResult(id), place('a', 1));
      vi.advanceTimersByTime(2);
    }
    progress.close();
    expect(stderr.text.match(/ of 500/g)?.length).toBeLessThanOrEqual(10);
  });

  it('has no colours with NO_COLOR, and red failures without', () => {
    for (const [env, colours] of [
      [{ NO_COLOR: '1' }, false],
      [{}, true],
    ] as const) {
      const { progress, stderr } = setUp(true, { env });
      progress.ended(caseResult('2.1', { behavior: 'FAILED' }), place('a', 1));
      vi.advanceTimersByTime(100);
      progress.close();
      expect(stderr.text.includes('\x1b[31m1 failed\x1b[39m')).toBe(colours);
    }
  });

  it('never takes two rows, and lets no agent move the cursor', () => {
    const { progress, stderr } = setUp(true);
    progress.ended(caseResult('2.1'), place(`\x1b[2J${'漢'.repeat(60)}`, 1));
    vi.advanceTimersByTime(100);
    expect(rows(stderr)).toHaveLength(1);
    expect(rows(stderr)[0]).toMatch(/^\\x1b\[2J漢+/);
    progress.close();
  });

  it('lets other lines stand above it', () => {
    const { progress, stderr } = setUp(true, { verbose: true });
    progress.ended(caseResult('2.1'), place('a', 1));
    progress.print('from the client\n');
    vi.advanceTimersByTime(100);
    expect(rows(stderr)).toEqual([
      '2.1 OK: what 2.1 sends',
      'from the client',
      'a: 1 of 6, 0 s, to go: sections 1 2 12 F',
    ]);
    progress.close();
  });
});
