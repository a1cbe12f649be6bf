// Why can I not connect? The way of a client, step by step, with what each step came to in words.
import { randomBytes } from 'node:crypto';
import { type AnswerHead, headIsOver, MAX_HEAD } from './answer-head.ts';
import { closeStep } from './closing-step.ts';
import { Conversation } from './conversation.ts';
import { DEFAULT_STEP_TIMEOUT_MS, type DiagnoseOptions, type Diagnosis } from './diagnosis.ts';
import { Dialler, isFailure, openTls, type TlsTerms } from './dialler.ts';
import { binaryEchoStep, pingStep, textEchoStep, tryEcho } from './echo-steps.ts';
import {
  acceptStep,
  connectionStep,
  extensionStep,
  lineSteps,
  protocolStep,
  requestStep,
  upgradeStep,
} from './field-steps.ts';
import { endedStep, frameSteps, unaskedSteps } from './frame-steps.ts';
import { type Asked, exchange, requestFor } from './handshake.ts';
import { Link } from './link.ts';
import { endlessAnswer, judgeNoAnswer } from './no-answer.ts';
import { quoted } from './octet-words.ts';
import { quitStep } from './quit-step.ts';
import { reach } from './reach.ts';
import { judgeRefusal } from './refusal.ts';
import { refusalSteps } from './refusal-checks.ts';
import { SecondClient } from './second-client.ts';
import { StepList } from './step-list.ts';
import { readTarget, type Target } from './target.ts';
import { judgeCertificate, tlsFailed } from './tls-step.ts';

/** Least time that a server gets to react to a frame, where the limit of a step allows it; four times its handshake if longer. */
const LEAST_GRACE_MS = 1000;
/** What an extra connection may take. */
const MAX_EXTRA_MS = 2000;

/**
 * Connects as a client does and tells step by step what is right and what is wrong: URL, name, TCP, TLS, the HTTP answer
 * and its fields, frames, the end; then whether the server refuses what it has to. It needs about ten connections.
 *
 * Every wait has a limit, and what a server sends is read up to a bound. Never rejects for what a server does.
 */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const steps = new StepList(options.onStep);
  const { target, step } = readTarget(options.url);
  steps.add(step);
  if (target === undefined) return steps.diagnosis('');
  const links: { drop(): void }[] = [];
  try {
    await walk(target, options, steps, links);
  } finally {
    for (const link of links) link.drop();
  }
  return steps.diagnosis(target.shown);
}

interface Walk {
  readonly dialler: Dialler;
  readonly asked: Asked;
  readonly steps: StepList;
  readonly timeoutMs: number;
  readonly links: { drop(): void }[];
}

async function walk(
  target: Target,
  options: DiagnoseOptions,
  steps: StepList,
  links: { drop(): void }[],
): Promise<void> {
  const {
    timeoutMs = DEFAULT_STEP_TIMEOUT_MS,
    ca,
    cert,
    key,
    lookup,
    headers = {},
    subprotocols = [],
  } = options;
  const reached = await reach(target, steps, { timeoutMs, lookup });
  if (reached === undefined) return;
  const terms: TlsTerms = { ca, cert, key };
  const dialler = new Dialler(target, reached.address, terms);
  let { socket } = reached;
  if (target.secure) {
    const secured = await openTls(socket, target, terms, timeoutMs);
    if (isFailure(secured)) {
      steps.add(tlsFailed(secured, await dialler.speaksTheOther(timeoutMs), target));
      return;
    }
    const verify = options.rejectUnauthorized !== false;
    const { trusted, steps: found } = judgeCertificate(secured, target, { verify });
    steps.add(...found);
    socket = secured;
    if (!trusted) {
      new Link(socket).drop();
      return;
    }
  }
  const link = new Link(socket);
  links.push(link);
  const asked: Asked = { headers, subprotocols, origin: options.origin ?? originOf(headers) };
  await handshake(link, { dialler, asked, steps, timeoutMs, links });
}

async function handshake(link: Link, walked: Walk): Promise<void> {
  const { dialler, asked, steps, timeoutMs } = walked;
  const request = requestFor(dialler.target, asked);
  steps.add(requestStep(request.text.length, 'GET', dialler.target.path));
  const { head, took } = await exchange(link, request, timeoutMs);
  if (head === undefined) {
    steps.add(await judgeNoAnswer(link, dialler, timeoutMs));
    return;
  }
  if (isEndless(link, head, timeoutMs)) {
    steps.add(endlessAnswer(link.octets));
    return;
  }
  if (head.status !== 101) {
    await judgeRefusal(link, head, walked);
    return;
  }
  answered(head, steps);
  await upgraded(link, head, request.key, walked, took);
}

/** Whether the head still comes: one without an empty line may be over too, and shows it by silence only. */
function isEndless(link: Link, head: AnswerHead, timeoutMs: number): boolean {
  if (headIsOver(link.octets)) return !head.emptyLine && head.end >= MAX_HEAD;
  return link.ending === undefined && performance.now() - link.lastAt < timeoutMs / 4;
}

function answered({ version, reason }: AnswerHead, steps: StepList): void {
  if (version === '1.1') {
    steps.add({
      name: 'answer',
      outcome: 'ok',
      seen: `101 ${quoted(reason, 60).slice(1, -1)}`.trimEnd(),
    });
    return;
  }
  steps.add({
    name: 'answer',
    outcome: 'wrong',
    blocks: true,
    fault: 'http-version',
    rule: 'RFC 6455 §4.2.2',
    seen: `The server answers 101 in HTTP/${version}.`,
    means: 'An upgrade needs HTTP/1.1; a proxy that speaks 1.0 to the server does this.',
    advice: 'nginx: proxy_http_version 1.1; else let the answer begin with HTTP/1.1.',
  });
}

async function upgraded(
  link: Link,
  head: AnswerHead,
  key: string,
  walked: Walk,
  took: number,
): Promise<void> {
  const { dialler, asked, steps, timeoutMs, links } = walked;
  const grace = Math.min(timeoutMs, Math.max(LEAST_GRACE_MS, 4 * took));
  const extra = Math.min(timeoutMs, Math.max(MAX_EXTRA_MS, 4 * took));
  steps.add(...lineSteps(head), upgradeStep(head), connectionStep(head));
  let second: SecondClient | undefined;
  const accept = acceptStep(head, key);
  if (accept.fault === 'accept-wrong') {
    second = await SecondClient.dial(dialler, asked, extra);
    links.push(second);
    steps.add(acceptStep(head, key, second.accept));
  } else {
    steps.add(accept);
  }
  const more = [protocolStep(head, asked.subprotocols), extensionStep(head)];
  steps.add(...more.flatMap((step) => step ?? []));
  const conversation = await firstFrames(link, head, steps, grace);
  second ??= await SecondClient.dial(dialler, asked, extra);
  links.push(second);
  const whileOpen = second.answered;
  const ended = conversation.over;
  steps.add(await closeStep(conversation, grace));
  link.drop();
  if (!whileOpen) await second.wait(extra);
  steps.add(second.step(whileOpen));
  fixedAfterAll(head, key, accept.fault, second, steps);
  const other = second.conversation();
  if (other !== undefined && !ended && !steps.has('garbage'))
    steps.add(await quitStep(other, grace));
  second.drop();
  if (!second.answered) {
    const seen = 'The server takes no further clients, so what it refuses cannot be looked at.';
    steps.add({ name: 'version check', outcome: 'skipped', seen });
    return;
  }
  await refusalSteps({ dialler, asked, waitMs: extra }, (step) => steps.add(step));
}

/** A server of one client at a time gave the second answer only now. */
function fixedAfterAll(
  head: AnswerHead,
  key: string,
  fault: string | undefined,
  second: SecondClient,
  steps: StepList,
): void {
  if (fault !== 'accept-wrong' || steps.has('accept-fixed')) return;
  const again = acceptStep(head, key, second.accept);
  if (again.fault === 'accept-fixed') steps.add(again);
}

async function firstFrames(
  link: Link,
  head: AnswerHead,
  steps: StepList,
  grace: number,
): Promise<Conversation> {
  const start = head.emptyLine || headIsOver(link.octets) ? head.end : link.octets.length;
  const conversation = new Conversation(link, start);
  const text = await tryEcho(
    conversation,
    1,
    Buffer.from(`meerkat ${randomBytes(6).toString('hex')}`),
    grace,
  );
  steps.add(...unaskedSteps(conversation, text));
  const echo = textEchoStep(conversation, text);
  const bad = frameSteps(conversation, start, echo.outcome !== 'skipped');
  steps.add(...bad);
  const ended =
    bad.length === 0 && echo.outcome === 'skipped' ? endedStep(conversation) : undefined;
  if (ended !== undefined) {
    steps.add(ended);
    return conversation;
  }
  steps.add(echo);
  if (echo.outcome !== 'skipped' && !conversation.over) {
    const octets = Buffer.concat([Buffer.from([0x00, 0xff, 0xfe, 0x80]), randomBytes(8)]);
    steps.add(binaryEchoStep(conversation, await tryEcho(conversation, 2, octets, grace)));
  }
  steps.add(await pingStep(conversation, grace));
  return conversation;
}

function originOf(headers: Readonly<Record<string, string>>): string | undefined {
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === 'origin');
  return found?.[1];
}
