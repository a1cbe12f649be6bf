// An answer other than 101: what it says, and what to try.
import { type AnswerHead, tokensOf, valuesOf } from './answer-head.ts';
import { type Dialler, isFailure } from './dialler.ts';
import { type Asked, type Deviation, exchange, requestFor } from './handshake.ts';
import { recognise, type Words } from './known-servers.ts';
import type { Link } from './link.ts';
import { quoted } from './octet-words.ts';
import type { StepList } from './step-list.ts';

/** Octets of a body that are looked at. */
const MAX_BODY = 4096;
/** Where others often have their WebSocket. */
const USUAL_PATHS = ['/websocket', '/ws', '/', '/socket'];

interface Terms {
  readonly dialler: Dialler;
  readonly asked: Asked;
  readonly steps: StepList;
  readonly timeoutMs: number;
}

/** Explains a refusal, and tries what may be the reason. */
export async function judgeRefusal(link: Link, head: AnswerHead, terms: Terms): Promise<void> {
  const { steps, dialler, asked } = terms;
  const body = await readBody(link, head, Math.min(terms.timeoutMs, 500));
  const status = `${head.status}${head.reason === '' ? '' : ` ${quoted(head.reason, 40).slice(1, -1)}`}`;
  link.drop();
  const known = recognise(body, head, dialler.target);
  const words = known ?? wordsFor(head, status, body, dialler, asked);
  steps.add({ name: 'answer', outcome: 'wrong', blocks: true, rule: 'RFC 6455 §4.2.2', ...words });
  if (known !== undefined) return;
  if (head.status === 403 || head.status === 400) await tryOrigins(terms, head.status === 403);
  if (head.status === 404 || head.status === 200 || head.status === 405) await tryPaths(terms);
}

async function readBody(link: Link, head: AnswerHead, timeoutMs: number): Promise<string> {
  const [length] = valuesOf(head, 'content-length');
  const wanted = Math.min(MAX_BODY, length === undefined ? MAX_BODY : Number(length) || 0);
  await link.until(() => link.octets.length - head.end >= wanted, timeoutMs);
  return link.octets.subarray(head.end, head.end + MAX_BODY).toString('latin1');
}

function wordsFor(
  head: AnswerHead,
  status: string,
  body: string,
  { target }: Dialler,
  asked: Asked,
): Words {
  const seen = `The server answered ${status}${body.trim() === '' || /^\s*</.test(body) ? '' : `: ${quoted(body.trim(), 120)}`}.`;
  const upgrades = tokensOf(head, 'upgrade').includes('websocket');
  const by = valuesOf(head, 'server')[0] ?? valuesOf(head, 'via')[0];
  const who = by === undefined ? '' : ` It calls itself ${quoted(by)}.`;
  switch (head.status) {
    case 200:
      return {
        fault: 'page',
        seen,
        means: `That is an ordinary page: nobody takes upgrades at ${path(target.path)}, or a proxy on the way dropped the Upgrade field.${who}`,
        advice: 'Check the path; behind a proxy, whether it passes Upgrade and Connection on.',
      };
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: {
      const location = valuesOf(head, 'location')[0] ?? '';
      return {
        fault: 'redirect',
        seen: `The server answered ${status}, to ${location === '' ? 'nowhere' : quoted(location, 200)}.`,
        means: `Browsers do not follow redirects of a WebSocket.${/login|sign-?in|auth/i.test(location) ? ' It looks like a login page: the request lacks a session.' : ''}`,
        advice:
          location === ''
            ? 'Let the server name a Location, or answer 101.'
            : `Connect to ${quoted(location.replace(/^http/i, 'ws'), 200)} itself.`,
      };
    }
    case 400:
    case 426: {
      const versions = valuesOf(head, 'sec-websocket-version').join(', ');
      if (versions !== '' && !versions.split(/\s*,\s*/).includes('13')) {
        return {
          fault: 'version-refused',
          seen: `${seen} It speaks the versions ${quoted(versions)} only.`,
          means: 'Every browser speaks version 13, the one of the RFC.',
          advice: 'Update the server: what it speaks is a draft.',
          rule: 'RFC 6455 §4.4',
        };
      }
      if (
        head.status === 426 ||
        /upgrade|websocket request|not a websocket|handshake/i.test(body)
      ) {
        return {
          fault: 'upgrade-stripped',
          seen: `${seen} It asks for an upgrade${upgrades ? ' to websocket' : ''}, which is what was sent.`,
          means: `Something on the way removed the Upgrade and Connection fields, which a proxy does unless it is told to pass them on.${who}`,
          advice:
            'nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
          rule: 'RFC 9110 §7.6.1',
        };
      }
      return {
        fault: 'bad-request',
        seen,
        means: `The server does not like something in the request, or a proxy on the way changed it.${who}`,
        advice:
          asked.subprotocols.length === 0
            ? 'Look whether it wants a subprotocol (-s), an Origin or further fields (-H), or another Host.'
            : 'Look whether it knows the subprotocols that were offered, and what else it wants.',
      };
    }
    case 401:
      return {
        fault: 'unauthorized',
        seen,
        means: `It wants to know who connects${valuesOf(head, 'www-authenticate')[0] === undefined ? '' : ` (${quoted(valuesOf(head, 'www-authenticate').join(', '), 80)})`}.`,
        advice:
          "Send what it wants: -H 'Authorization: Bearer …', -H 'Cookie: …', or a token in the URL. A browser can send a cookie or the URL only.",
      };
    case 403:
      return {
        fault: 'forbidden',
        seen,
        means: `It may be the Origin, who connects, or a rule of a proxy.${who}`,
        advice: 'Try another Origin (--origin), or log in.',
      };
    case 404:
      return {
        fault: 'not-found',
        seen,
        means: `There is nothing at ${path(target.path)}, or a proxy sends it to a server that does not know the path.`,
        advice: 'Check the path: many servers take upgrades at one only.',
      };
    case 405:
      return {
        fault: 'method-not-allowed',
        seen,
        means: `At ${path(target.path)} there is something that takes no GET, so it is no WebSocket.`,
        advice: 'Check the path.',
      };
    case 407:
      return {
        fault: 'unauthorized',
        seen,
        means: 'A proxy wants to know who you are.',
        advice: 'Log in at the proxy, or go past it.',
      };
    case 429:
      return {
        fault: 'too-many-requests',
        seen,
        means: 'The server counts connections or requests, and there were too many.',
        advice: `Wait${valuesOf(head, 'retry-after')[0] === undefined ? '' : ` ${quoted(valuesOf(head, 'retry-after')[0] ?? '', 40)} (Retry-After)`}, or raise the limit.`,
      };
    case 502:
    case 503:
    case 504:
      return {
        fault: 'proxy-error',
        seen,
        means: `A proxy or load balancer answers, and the server behind it ${head.status === 504 ? 'does not answer in time' : head.status === 502 ? 'is not there, or dropped the request' : 'takes nothing now: it starts, is full, or is being replaced'}.${who}`,
        advice: 'Look whether the server runs, and whether the proxy knows its right port.',
      };
    default:
      return head.status >= 500
        ? {
            fault: 'server-error',
            seen,
            means: 'The server failed while it handled the request.',
            advice: "Look into the server's log.",
          }
        : {
            fault: 'status',
            seen,
            means: `A WebSocket begins with 101.${who}`,
            advice: "Look into the server's log.",
          };
  }
}

async function attempt(
  { dialler, asked, timeoutMs }: Terms,
  deviation: Deviation,
): Promise<number | undefined> {
  const limit = Math.min(timeoutMs, 2000);
  const link = await dialler.dial(limit);
  if (isFailure(link)) return undefined;
  const { head } = await exchange(link, requestFor(dialler.target, asked, deviation), limit);
  link.drop();
  return head?.status;
}

/** Whether the Origin is the reason. */
async function tryOrigins(terms: Terms, tell: boolean): Promise<void> {
  const { dialler, asked, steps } = terms;
  const sent = asked.origin;
  const others = [dialler.target.origin, null].filter((origin) => (origin ?? undefined) !== sent);
  for (const origin of others) {
    if ((await attempt(terms, { origin })) === 101) {
      const words = origin === null ? 'without an Origin' : `with the Origin ${origin}`;
      steps.add({
        name: 'origin check',
        outcome: 'wrong',
        blocks: true,
        fault: 'origin-refused',
        rule: 'RFC 6455 §10.2',
        seen: `It is the Origin: ${words} the server lets the client in, ${sent === undefined ? 'without one' : `with ${quoted(sent)}`} it does not.`,
        advice:
          sent === undefined
            ? `Send it: --origin ${origin}`
            : `Add ${quoted(sent)} to the origins that the server allows.`,
      });
      return;
    }
  }
  if (!tell) return;
  steps.add({
    name: 'origin check',
    outcome: 'ok',
    seen: `It is not the Origin alone: ${others.map((origin) => (origin === null ? 'none' : quoted(origin))).join(' and ')} made no difference.`,
  });
}

async function tryPaths(terms: Terms): Promise<void> {
  const { dialler, steps } = terms;
  const own = dialler.target.path.replace(/\?.*$/s, '');
  const paths = USUAL_PATHS.filter((one) => one !== own).slice(0, 3);
  const found: string[] = [];
  for (const one of paths) if ((await attempt(terms, { path: one })) === 101) found.push(one);
  const [first] = found;
  steps.add(
    first === undefined
      ? {
          name: 'other paths',
          outcome: 'skipped',
          seen: `There is no WebSocket at ${paths.join(', ')} either.`,
        }
      : {
          name: 'other paths',
          outcome: 'ok',
          seen: `There is a WebSocket at ${found.join(' and ')}.`,
          advice: `Connect to ${dialler.target.shown.replace(/^(\w+:\/\/[^/]*).*$/s, `$1${first}`)}`,
        },
  );
}

/** Without the query, which may hold a secret. */
function path(text: string): string {
  return quoted(text.replace(/\?.*$/s, '?…'), 80);
}
