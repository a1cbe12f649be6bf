// Requests that a server has to refuse. It let a right one in before.
import type { Step } from './diagnosis.ts';
import { type Dialler, isFailure } from './dialler.ts';
import { compressionStep } from './field-steps.ts';
import { type Asked, type Deviation, exchange, requestFor } from './handshake.ts';

/** An origin that is nobody's (RFC 6761 §6.4). */
const FOREIGN = 'https://meerkat-diagnose.invalid';

interface Terms {
  readonly dialler: Dialler;
  readonly asked: Asked;
  readonly waitMs: number;
}

interface Outcome {
  /** Undefined: no answer. */
  readonly status: number | undefined;
}

/** The checks, one connection each, one after the other: the server may take no more at a time. */
export async function refusalSteps(terms: Terms, onStep: (step: Step) => void): Promise<void> {
  onStep(await compression(terms));
  const version = await ask(terms, { version: '99' });
  onStep(
    step('version check', 'RFC 6455 §4.4', version, 'version 99', {
      outcome: 'wrong',
      fault: 'version-ignored',
      seen: 'Version 99 is answered with 101: the server does not look at Sec-WebSocket-Version.',
      means: 'A client of another version would get frames that it does not understand.',
      advice: 'Answer anything but 13 with 426 and Sec-WebSocket-Version: 13',
    }),
  );
  const host = await ask(terms, { without: 'Host' });
  onStep(
    step('host check', 'RFC 9112 §3.2', host, 'a request without Host', {
      outcome: 'warning',
      fault: 'host-ignored',
      seen: 'A request without Host is answered with 101: the server does not look at it.',
      means:
        'Whoever compares Host (several sites on one address, DNS rebinding) compares with nothing.',
      advice: 'Answer a request without Host, or with several, with 400.',
    }),
  );
  const method = await ask(terms, { method: 'POST' });
  onStep(
    step('method check', 'RFC 6455 §4.2.1', method, 'a POST', {
      outcome: 'wrong',
      fault: 'method-ignored',
      seen: 'A POST is answered with 101: the server does not look at the method.',
      means: 'Only GET may upgrade.',
      advice: 'Answer other methods with 405 and Allow: GET',
    }),
  );
  const key = await ask(terms, { without: 'Sec-WebSocket-Key' });
  onStep(
    step('key check', 'RFC 6455 §4.2.1', key, 'a request without a key', {
      outcome: 'wrong',
      fault: 'key-ignored',
      seen: 'A request without Sec-WebSocket-Key is answered with 101.',
      means:
        'The key shows that a WebSocket client asks, and not something that was tricked into it.',
      advice: 'Answer a request without a key of 16 octets in base64 with 400.',
    }),
  );
  const origin = await ask(terms, { origin: FOREIGN });
  onStep(
    step('origin check', 'RFC 6455 §10.2', origin, `the Origin ${FOREIGN}`, {
      outcome: 'warning',
      fault: 'any-origin',
      seen: 'A page of any origin may connect: there is no same-origin limit.',
      means:
        'Browsers send the cookies of your site along with a WebSocket that another page opens, and let that page read the answers: cross-site WebSocket hijacking.',
      advice:
        'Unless the server is public and knows no cookies, answer an Origin that is not yours with 403.',
    }),
  );
}

async function compression({ dialler, asked, waitMs }: Terms): Promise<Step> {
  const link = await dialler.dial(waitMs);
  const skipped = { name: 'compression', outcome: 'skipped', rule: 'RFC 7692 §7.1' } as const;
  if (isFailure(link))
    return { ...skipped, seen: `No further connection was possible (${link.code}).` };
  const request = requestFor(dialler.target, asked, {
    extensions: 'permessage-deflate; client_max_window_bits',
  });
  const { head } = await exchange(link, request, waitMs);
  link.drop();
  if (head?.status === 101) return compressionStep(head);
  if (head === undefined) return { ...skipped, seen: 'A further request was not answered.' };
  // A limit or a proxy has nothing to do with what was offered.
  if (head.status !== 400)
    return { ...skipped, seen: `A further request was answered ${head.status}.` };
  return {
    ...skipped,
    outcome: 'wrong',
    blocks: true,
    fault: 'extension-answer',
    seen: 'With an offer of compression, which every browser makes, the answer is 400.',
    means: 'Without it the same request is answered with 101.',
    advice: 'Ignore extensions that the server does not know.',
  };
}

async function ask({ dialler, asked, waitMs }: Terms, deviation: Deviation): Promise<Outcome> {
  const link = await dialler.dial(waitMs);
  if (isFailure(link)) return { status: undefined };
  const { head } = await exchange(link, requestFor(dialler.target, asked, deviation), waitMs);
  link.drop();
  return { status: head?.status };
}

function step(
  name: Step['name'],
  rule: string,
  { status }: Outcome,
  what: string,
  accepted: Omit<Step, 'name' | 'rule'>,
): Step {
  if (status === 101) return { name, rule, ...accepted };
  if (status === undefined) {
    return {
      name,
      rule,
      outcome: 'ok',
      seen: `To ${what} there is no answer, so it does not get in.`,
    };
  }
  return {
    name,
    rule,
    outcome: 'ok',
    seen: `${what.replace(/^./, (letter) => letter.toUpperCase())} is refused with ${status}.`,
  };
}
