import type { Diagnosis, DiagnosisVerdict, Step } from './diagnosis.ts';

/** Gathers steps, tells of each, and draws the conclusion. */
export class StepList {
  readonly #steps: Step[] = [];
  readonly #onStep: (step: Step) => void;

  constructor(onStep: (step: Step) => void = () => {}) {
    this.#onStep = onStep;
  }

  add(...steps: readonly Step[]): void {
    for (const step of steps) {
      this.#steps.push(step);
      this.#onStep(step);
    }
  }

  has(fault: Step['fault']): boolean {
    return this.#steps.some((step) => step.fault === fault);
  }

  diagnosis(url: string): Diagnosis {
    const steps = [...this.#steps];
    return { url, steps, verdict: verdictOf(steps), conclusion: conclusionOf(steps) };
  }
}

function verdictOf(steps: readonly Step[]): DiagnosisVerdict {
  const wrong = steps.filter(({ outcome }) => outcome === 'wrong');
  if (wrong.some(({ blocks }) => blocks === true)) return 'does not work';
  return wrong.length > 0 ? 'works, with faults' : 'works';
}

/** The first fault that keeps clients out comes before those that do not, whatever their order. */
function conclusionOf(steps: readonly Step[]): string {
  const wrong = steps.filter(({ outcome }) => outcome === 'wrong');
  const first = wrong.find(({ blocks }) => blocks === true) ?? wrong[0];
  if (first !== undefined) {
    // Where it would work is worth more than what may be the matter here.
    const elsewhere = steps.find(({ name, outcome }) => name === 'other paths' && outcome === 'ok');
    const advice = elsewhere?.advice ?? first.advice ?? first.means ?? '';
    return `${first.seen} ${advice}`.trim();
  }
  const warnings = steps.filter(({ outcome }) => outcome === 'warning');
  const works = 'The connection opens, and closes as it should.';
  const [warning] = warnings;
  if (warning === undefined) return works;
  const more = warnings.length - 1;
  const others = more === 0 ? '' : `, besides ${more} more`;
  return `${works} Worth a look${others}: ${warning.seen}`;
}
