import { redactFields, redactTarget, redactText } from '../../handshake/secrets.ts';
import { isSecretParameter } from '../../handshake/target-secrets.ts';
import type { BenchPlan, Scenario, ScenarioMessage, ScenarioStep } from '../bench-plan.ts';
import type { BenchReport } from '../bench-report.ts';

const REDACTED = '(redacted)';

/**
 * A report that may be shown to others: without the values of header fields, without secrets in URLs, subprotocols,
 * scenarios and words that quote them. Applied twice, it changes nothing more.
 */
export function publicReport(report: BenchReport): BenchReport {
  return {
    ...report,
    plan: publicPlan(report.plan),
    failures: report.failures.map((failure) => ({
      ...failure,
      detail: redactText(failure.detail),
    })),
  };
}

/** The report as the text of a file, indented, with a line's end: without secrets. */
export function reportJson(report: BenchReport): string {
  return `${JSON.stringify(publicReport(report), undefined, 2)}\n`;
}

function publicPlan(plan: BenchPlan): BenchPlan {
  const { publishUrl, scenario } = plan;
  return {
    ...plan,
    url: redactTarget(plan.url),
    publishUrl: publishUrl === undefined ? undefined : redactTarget(publishUrl),
    headers: plan.headers.map(([name]) => [name, REDACTED]),
    subprotocols: publicSubprotocols(plan.subprotocols),
    ca: plan.ca === undefined ? undefined : '(given)',
    ...(plan.cert !== undefined && { cert: '(given)' }),
    ...(plan.key !== undefined && { key: REDACTED }),
    scenario: scenario === undefined ? undefined : publicScenario(scenario),
  };
}

function publicSubprotocols(names: readonly string[]): string[] {
  // One that announces a token says so of the next: they are looked at as one field.
  const fields = names.flatMap((name) => ['sec-websocket-protocol', name]);
  return redactFields(fields).filter((_, at) => at % 2 === 1);
}

function publicScenario(scenario: Scenario): Scenario {
  const { before, steps } = scenario;
  return {
    ...scenario,
    ...(before === undefined ? {} : { before: before.map(publicStep) }),
    steps: steps.map(publicStep),
  };
}

function publicStep(step: ScenarioStep): ScenarioStep {
  if ('connect' in step) {
    const { path, subprotocols, headers } = step.connect;
    return {
      connect: {
        ...step.connect,
        ...(path === undefined ? {} : { path: redactTarget(path) }),
        ...(subprotocols === undefined ? {} : { subprotocols: publicSubprotocols(subprotocols) }),
        ...(headers === undefined ? {} : { headers: withoutValues(headers) }),
      },
    };
  }
  if ('send' in step) return { send: publicMessage(step.send) };
  if ('expect' in step) {
    const { text, json } = step.expect;
    return {
      expect: {
        ...step.expect,
        ...(text === undefined ? {} : { text: redactText(text) }),
        ...(json === undefined ? {} : { json: publicJson(json) }),
      },
    };
  }
  if ('repeat' in step) {
    return { repeat: { ...step.repeat, steps: step.repeat.steps.map(publicStep) } };
  }
  return step;
}

function withoutValues(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, REDACTED]));
}

function publicMessage(message: ScenarioMessage): ScenarioMessage {
  if ('text' in message) return { ...message, text: redactText(message.text) };
  if ('json' in message) return { ...message, json: publicJson(message.json) };
  return message;
}

/** The values of fields whose names say that they are secret are left out. */
function publicJson(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(publicJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      isSecretParameter(name) ? REDACTED : publicJson(field),
    ]),
  );
}
