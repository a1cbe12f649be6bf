import { type Outcome, sectionOf } from '@meerkat/conformance';

/** What is counted of a case. */
export interface Counted {
  readonly id: string;
  readonly outcome: Outcome;
}

/** A section, counted. */
export interface SectionCount {
  readonly section: string;
  readonly selected: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
}

interface Section {
  left: number;
  readonly count: {
    readonly section: string;
    selected: number;
    readonly outcomes: Record<Outcome, number>;
  };
}

/** Counts the cases of one agent as they end, in whatever order. */
export class Tally {
  readonly selected: number;
  readonly #pending: Set<string>;
  readonly #sections = new Map<string, Section>();
  #failed = 0;

  /** @param ids - Of the selected cases, in the order of the list. */
  constructor(ids: readonly string[]) {
    this.selected = ids.length;
    this.#pending = new Set(ids);
    for (const id of ids) {
      const name = sectionOf(id);
      const section = this.#sections.get(name) ?? newSection(name);
      section.count.selected += 1;
      section.left += 1;
      this.#sections.set(name, section);
    }
  }

  get done(): number {
    return this.selected - this.#pending.size;
  }

  get failed(): number {
    return this.#failed;
  }

  /** Cases that have not ended, in the order of the list. */
  get pending(): readonly string[] {
    return [...this.#pending];
  }

  /** Sections that have not ended. */
  get pendingSections(): readonly string[] {
    return [...this.#sections].flatMap(([section, { left }]) => (left > 0 ? [section] : []));
  }

  /** Counts a case; one that was counted before is not counted again. Its section, where it was the last of it. */
  add({ id, outcome }: Counted): SectionCount | undefined {
    const section = this.#sections.get(sectionOf(id));
    if (section === undefined || !this.#pending.delete(id)) return undefined;
    if (outcome === 'fail') this.#failed += 1;
    section.left -= 1;
    section.count.outcomes[outcome] += 1;
    return section.left === 0 ? section.count : undefined;
  }
}

function newSection(section: string): Section {
  const outcomes = { pass: 0, 'non-strict': 0, info: 0, unimplemented: 0, fail: 0 };
  return { left: 0, count: { section, selected: 0, outcomes } };
}
