/** What went wrong, and how often. */
export type Faults = Readonly<Record<string, number>>;

/** Kinds of faults that are told apart; a broken server breaks everything. */
const MOST = 40;

const faults: Record<string, number> = {};

/** Notes something that must not happen. */
export function fault(text: string): void {
  const known = faults[text] !== undefined || Object.keys(faults).length < MOST;
  const key = known ? text : 'and others';
  faults[key] = (faults[key] ?? 0) + 1;
}

/** All of this process, so far. */
export function faultsSoFar(): Faults {
  return { ...faults };
}

process.on('warning', (warning) => fault(`a warning of Node: ${warning.message}`));
process.on('unhandledRejection', (error) => fault(`unhandled: ${String(error)}`));
process.on('uncaughtException', (error) => fault(`uncaught: ${error.stack}`));
