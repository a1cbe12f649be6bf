// Those who come and go, in every way there is, and those who ask for pages. A process of its own.
import { type Faults, fault, faultsSoFar } from './faults.ts';
import { PAGES, Pages } from './pages.ts';
import { answerWith } from './processes.ts';
import { ENDINGS, GARBAGES, SLOW, type Visit } from './visits.ts';

/** What they did since the last report. */
export interface VisitorReport {
  readonly visits: number;
  readonly pages: number;
  readonly faults: Faults;
}

/** Visits a second, and pages a second. */
const VISIT_RATE = 60;
const PAGE_RATE = 20;
/** Of so many visits, one is by somebody slow. */
const SLOW_SHARE = 90;
/** Visits at a time: where a server is slow, fewer come. */
const MOST = 200;
/** Milliseconds that a visit may take. */
const PATIENCE = 20_000;

const quick = Object.entries({ ...ENDINGS, ...GARBAGES, ...PAGES });
const slow = Object.entries(SLOW);
const under = new Set<Promise<void>>();
let port = 0;
let pages: Pages | undefined;
let tickers: NodeJS.Timeout[] = [];
let [begun, visits, asked] = [0, 0, 0];

function come(): void {
  if (under.size >= MOST) return;
  begun += 1;
  const turn = begun / SLOW_SHARE;
  const rows = Number.isInteger(turn) ? slow : quick;
  const at = Number.isInteger(turn) ? turn : begun;
  const [name, visit] = rows[at % rows.length] ?? [];
  if (name === undefined || visit === undefined) return;
  track(name, () => visit(port));
  visits += 1;
}

function ask(): void {
  if (under.size >= MOST || pages === undefined) return;
  const from = pages;
  track('a page', () => from.ask());
  asked += 1;
}

/** Notes how it fails, and when it does not end. */
function track(name: string, visit: () => ReturnType<Visit>): void {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${PATIENCE} ms`)), PATIENCE);
  });
  const one = Promise.race([visit(), late])
    .catch((error: unknown) => fault(`${name}: ${String(error)}`))
    .finally(() => {
      clearTimeout(timer);
      under.delete(one);
    });
  under.add(one);
}

function report(): VisitorReport {
  const told = { visits, pages: asked, faults: faultsSoFar() };
  [visits, asked] = [0, 0];
  return told;
}

answerWith({
  begin(given: number) {
    port = given;
    pages = new Pages(port);
  },
  resume() {
    tickers = [setInterval(come, 1000 / VISIT_RATE), setInterval(ask, 1000 / PAGE_RATE)];
  },
  /** Nobody new comes, and all are gone but for connections that are kept for pages. */
  async pause(): Promise<void> {
    for (const ticker of tickers) clearInterval(ticker);
    await Promise.all(under);
  },
  report,
  leave: () => pages?.close(),
  end() {},
});
