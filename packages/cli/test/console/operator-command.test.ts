import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS, readCommand } from '../../src/console/operator-command.ts';

describe('readCommand', () => {
  it.each([
    ['', { does: 'nothing' }],
    ['hello', { does: 'say', to: undefined, text: 'hello' }],
    [' /list', { does: 'say', to: undefined, text: ' /list' }],
    ['//list', { does: 'say', to: undefined, text: '/list' }],
    ['/list', { does: 'list' }],
    ['/LS', { does: 'list' }],
    ['/to 3', { does: 'target', to: 3 }],
    ['/to #3', { does: 'target', to: 3 }],
    ['/to ALL', { does: 'target', to: 'all' }],
    ['/send 3 hi  there', { does: 'say', to: 3, text: 'hi  there' }],
    ['/s 3 /x', { does: 'say', to: 3, text: '/x' }],
    ['/all hi', { does: 'say', to: 'all', text: 'hi' }],
    ['/all 3 hi', { does: 'say', to: 'all', text: '3 hi' }],
    ['/hex all 48:69', { does: 'sendOctets', to: 'all', octets: Buffer.from('Hi') }],
    ['/file 1 /a path/with blanks', { does: 'sendFile', to: 1, path: '/a path/with blanks' }],
    ['/ping 1', { does: 'ping', to: 1, text: undefined }],
    ['/ping 1 are you there', { does: 'ping', to: 1, text: 'are you there' }],
    ['/close 1', { does: 'close', to: 1, code: 1000, reason: '' }],
    ['/close 1 4000', { does: 'close', to: 1, code: 4000, reason: '' }],
    ['/close all 4000 so long', { does: 'close', to: 'all', code: 4000, reason: 'so long' }],
    ['/kick 12', { does: 'kick', to: 12 }],
    ['/accept', { does: 'accept', who: 'oldest' }],
    ['/accept all', { does: 'accept', who: 'all' }],
    ['/y 2', { does: 'accept', who: 2 }],
    ['/refuse', { does: 'refuse', who: 'oldest', status: 403, text: undefined }],
    ['/refuse 2', { does: 'refuse', who: 2, status: 403, text: undefined }],
    ['/refuse 2 503 later', { does: 'refuse', who: 2, status: 503, text: 'later' }],
    ['/show 2', { does: 'show', id: 2 }],
    ['/help', { does: 'help', topic: undefined }],
    ['/?', { does: 'help', topic: undefined }],
    ['/quit', { does: 'quit' }],
  ])('reads %j', (line, command) => {
    expect(readCommand(line)).toEqual(command);
  });

  it.each([
    ['/', 'there is no /: /help lists what there is'],
    ['/frob 1', 'there is no /frob: /help lists'],
    ['/\x1b[2J', 'there is no /\\x1b[2j: /help lists'],
    ['/help frob', 'there is no /frob: /help lists'],
    ['/list 1', 'this is how it is typed: /list'],
    ['/to', 'this is how it is typed: /to ID|all'],
    ['/to 1 2', 'this is how it is typed: /to ID|all'],
    ['/send', 'this is how it is typed: /send ID|all TEXT'],
    ['/send 1', 'this is how it is typed: /send ID|all TEXT'],
    ['/send bob hi', '"bob" is no client: it is a number that /list shows, or all'],
    ['/send 1.5 hi', '"1.5" is no client'],
    ['/send -1 hi', '"-1" is no client'],
    ['/send 9999999999999999 hi', '"9999999999999999" is no client'],
    ['/all', 'this is how it is typed: /all TEXT'],
    ['/hex 1', 'this is how it is typed: /hex ID|all DIGITS'],
    ['/hex 1 4', 'not sent: "4" is not two hex digits for each octet'],
    ['/file 1', 'this is how it is typed: /file ID|all PATH'],
    [
      '/close 1 bye',
      '"bye" is no close code: a number stands before the reason, as in /close 1 1000',
    ],
    ['/kick 1 now', 'this is how it is typed: /kick ID|all'],
    ['/refuse 1 200', '"200" is no status to refuse with: 400 to 599'],
    ['/refuse 1 0x190', '"0x190" is no status'],
    ['/show all', 'this is how it is typed: /show ID'],
    ['/quit now', 'this is how it is typed: /quit'],
  ])('explains %j', (line, problem) => {
    expect(readCommand(line)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it('takes every alias for its command, and no alias twice', () => {
    const names = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, aliases } of COMMANDS) {
      for (const alias of aliases) {
        expect(readCommand(`/help ${alias}`)).toMatchObject({ does: 'help', topic: { name } });
      }
    }
  });

  it('never throws, and explains in one line', () => {
    const words = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .tuple(
          fc.constantFrom(...words),
          fc.constantFrom('', 'all', '1', '#2', 'x', '\u00a0'),
          fc.string({ unit: 'binary' }),
        )
        .map(([name, who, rest]) => `/${name} ${who} ${rest}`),
    );
    fc.assert(
      fc.property(line, (typed) => {
        const command = readCommand(typed);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them is in an explanation
        if ('problem' in command) expect(command.problem).toMatch(/^[^\0-\x1f]+$/);
        else expect(typeof command.does).toBe('string');
      }),
      { numRuns: 2_000 },
    );
  });
});
