// What a request to the control protocol says of cases and agents.
import type { Case } from '../../cases/case.ts';
import type { CheckedRequest } from '../../wire/handshake-answer.ts';
import { Refusal } from './refusal.ts';

const MAX_AGENT_NAME = 200;

/**
 * The value of a field of the query, where it is there.
 *
 * @throws {@link Refusal} where it is there twice.
 */
export function single(request: CheckedRequest, name: string): string | undefined {
  const values = request.query.getAll(name);
  if (values.length > 1) throw new Refusal(500, `a client gave ${name} twice`);
  return values[0];
}

/**
 * Who asks, cut at 200 characters.
 *
 * @throws {@link Refusal} where the request does not say.
 */
export function agentOf(request: CheckedRequest): string {
  const agent = single(request, 'agent')?.trim().slice(0, MAX_AGENT_NAME);
  if (agent === undefined || agent === '') {
    throw new Refusal(500, `a client asked ${request.path} without agent`);
  }
  return agent;
}

/**
 * The case that is asked for, by its position in the selected ones or by its id.
 *
 * @throws {@link Refusal} where it is none of them.
 */
export function caseOf(request: CheckedRequest, cases: readonly Case[]): Case {
  const position = single(request, 'case');
  const id = single(request, 'casetuple');
  if ((position === undefined) === (id === undefined)) {
    throw new Refusal(500, `a client asked ${request.path} without saying which case, or twice`);
  }
  const found =
    id === undefined
      ? /^\d{1,5}$/.test(position ?? '') && cases[Number(position) - 1]
      : cases.find((test) => test.id === id);
  if (!found) {
    const which = JSON.stringify(id ?? position).slice(0, 40);
    throw new Refusal(
      500,
      `a client asked ${request.path} for case ${which}, which is not selected`,
    );
  }
  return found;
}
