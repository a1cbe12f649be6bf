import type { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { Output } from '../terminal/output.ts';
import { paletteFor } from '../terminal/palette.ts';
import { CLOSE_CODE_EXPLANATIONS, ERROR_EXPLANATIONS, type Explanation } from './explanation.ts';
import { explanationLines, summaryLines, type TextLook } from './explanation-text.ts';
import { type Answer, lookUp } from './lookup.ts';

/** More matches than this are listed, a line each. */
const MAX_IN_FULL = 4;

const HELP = `
What it knows:
  close codes   by number, by name, or by a part of the name; case, blanks and
                hyphens do not matter. Numbers without a name are explained by
                their range: 3000-3999 are for libraries, 4000-4999 private.
  error codes   of meerkat: WS_… where the peer is at fault, else MEERKAT_…

Without a code it lists them all. Exit code 0 when everything was found; 1 when
something was not, and what is spelt much the same is named; 2 for wrong usage.

Examples:
  meerkat explain 1006                   what it comes from, and what to do
  meerkat explain going away             1001, by its name
  meerkat explain "too big"              a part of a name: 1009, and more
  meerkat explain 4001                   a private code: who defines it
  meerkat explain WS_RESERVED_BIT_SET    the rule behind a 1002
  meerkat explain 1000 1001              several at once
  meerkat explain --json | jq '.[].code' the whole registry for a program`;

/** Adds `meerkat explain`. */
export function addExplainCommand(program: Command, context: CliContext): void {
  program
    .command('explain')
    .summary('explain close codes and error codes')
    .description(
      'Explains WebSocket close codes and the error codes of meerkat: what each means, who sends it, what it usually comes from and what to do.',
    )
    .argument('[code...]', 'numbers, names or parts of names; all codes when there is none')
    .option('--json', 'print the same as a JSON array')
    .addHelpText('after', HELP)
    .action((words: string[], { json = false }: { json?: boolean }) => {
      explain(words, json, context);
    });
}

function explain(words: readonly string[], json: boolean, context: CliContext): void {
  const nonsense = words.find((word) => !/[\p{L}\p{N}]/u.test(word));
  if (nonsense !== undefined) {
    throw new CliError(`${JSON.stringify(nonsense)} is neither a number nor a name`, 2);
  }
  const { stdout, env } = context;
  const output = new Output(stdout);
  const columns = stdout.isTTY === true ? (stdout.columns ?? 0) : 0;
  const look: TextLook = {
    width: columns === 0 ? 100 : Math.min(Math.max(columns, 40), 100),
    palette: paletteFor(stdout, env),
  };
  if (words.length === 0) {
    void output.write(
      json ? asJson([...CLOSE_CODE_EXPLANATIONS, ...ERROR_EXPLANATIONS]) : all(look),
    );
    return;
  }
  const answers = ask(words);
  const found = [...new Set([...answers.values()].flatMap((answer) => answer.found))];
  if (found.length > 0) void output.write(json ? asJson(found) : asText(found, look));
  for (const [question, { found: hits, near }] of answers) {
    if (hits.length === 0) throw new CliError(unknown(question, near), 1);
  }
}

/** Several words are one name, when there is such a name; else each is a question. */
function ask(words: readonly string[]): ReadonlyMap<string, Answer> {
  const whole = words.join(' ');
  const answer = lookUp(whole);
  const apart = new Map(words.map((word) => [word, lookUp(word)]));
  const allFound = [...apart.values()].every(({ found }) => found.length > 0);
  const asOne = answer.found.length > 0 || (!allFound && answer.near.length > 0);
  return asOne ? new Map([[whole, answer]]) : apart;
}

function unknown(question: string, near: readonly Explanation[]): string {
  if (/^-?[0-9]+$/.test(question)) {
    return `${question} is no close code: they are two octets, 0 to 65535`;
  }
  const names = near.map(({ kind, code, name }) =>
    kind === 'close code' ? `${code} ${name}` : code,
  );
  const hint = names.length === 0 ? '"meerkat explain" lists all' : `perhaps ${names.join(', ')}`;
  return `no code is called ${JSON.stringify(question)}; ${hint}`;
}

function asJson(explanations: readonly Explanation[]): string {
  return `${JSON.stringify(explanations, null, 2)}\n`;
}

function asText(found: readonly Explanation[], look: TextLook): string {
  if (found.length > MAX_IN_FULL) return `${summaryLines(found, look).join('\n')}\n`;
  return `${found.map((one) => explanationLines(one, look).join('\n')).join('\n\n')}\n`;
}

function all(look: TextLook): string {
  const of = (kind: Explanation['kind']): readonly Explanation[] =>
    ERROR_EXPLANATIONS.filter((one) => one.kind === kind);
  const sections: [title: string, explanations: readonly Explanation[]][] = [
    ['Close codes (RFC 6455 §7.4 and the IANA registry)', CLOSE_CODE_EXPLANATIONS],
    ['Rules and limits that a peer breaks, with the close code that answers', of('violation')],
    ['Opening handshakes that fail, with the HTTP status that answers', of('handshake')],
    ['Wrong use of the library', of('usage')],
    ["Nobody's fault", of('closed')],
  ];
  const texts = sections.map(
    ([title, explanations]) =>
      `${look.palette.bold(title)}\n${summaryLines(explanations, look).join('\n')}\n`,
  );
  return `${texts.join('\n')}\n"meerkat explain CODE" says more about each.\n`;
}
