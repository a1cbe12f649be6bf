// How agents are called in a report's keys and file names: no two alike.

/** What one agent is called. */
export interface AgentName {
  /** Its key in index.json. */
  readonly key: string;
  /** What its file names begin with. */
  readonly slug: string;
}

/** A file name has to fit into 255 octets, with the case behind it. */
const MAX_SLUG = 120;

/** Numbers agents whose names, or whose file names, would be the same. The first keeps its own. */
export class AgentNames {
  readonly #keys = new Set<string>();
  readonly #slugs = new Set<string>();

  /** Names a further agent. */
  add(agent: string): AgentName {
    const key = firstFree(this.#keys, (count) => (count === 1 ? agent : `${agent} (${count})`));
    const base = slugOf(agent);
    const slug = firstFree(this.#slugs, (count) => (count === 1 ? base : `${base}_${count}`));
    this.#keys.add(key);
    this.#slugs.add(slug);
    return { key, slug };
  }
}

/** The name of a case's file. */
export function caseFileName(slug: string, id: string): string {
  return `${slug}_case_${id.replace(/[^a-z\d]/gi, '_')}.json`;
}

function slugOf(agent: string): string {
  const words = agent
    .toLowerCase()
    .replace(/[^a-z\d]/g, ' ')
    .trim();
  return words.replace(/ /g, '_').slice(0, MAX_SLUG) || 'agent';
}

function firstFree(taken: ReadonlySet<string>, nameOf: (count: number) => string): string {
  for (let count = 1; ; count += 1) {
    const name = nameOf(count);
    if (!taken.has(name)) return name;
  }
}
