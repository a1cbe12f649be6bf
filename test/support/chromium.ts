import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';

// The types of playwright-core name four types of the DOM. Its library is not loaded for them: every source of the
// workspace could then use a browser's globals unnoticed.
declare global {
  interface Node {
    readonly textContent: string | null;
  }
  interface HTMLElement extends Node {
    readonly clientHeight: number;
    readonly scrollHeight: number;
    scrollTop: number;
  }
  interface SVGElement extends Node {
    readonly clientHeight: number;
    readonly scrollHeight: number;
    scrollTop: number;
  }
  interface HTMLElementTagNameMap {
    body: HTMLElement;
  }
}

/** A page in a browser context of its own. */
export interface OpenPage {
  page: Page;
  /** Errors and warnings on the console, uncaught exceptions and breaches of the policy, as they come. */
  complaints: string[];
}

/** Opens `url` in a fresh context, which is closed when the test ends. */
export type OpenInChromium = (url: string, options?: BrowserContextOptions) => Promise<OpenPage>;

const { CI, MEERKAT_CHROMIUM: EXECUTABLE = '/usr/bin/chromium' } = process.env;
const ARGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Chromium refuses to start its sandbox as root.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

// Of some breaches of a Content-Security-Policy the console does not tell.
const REPORT_BREACHES = {
  content: `addEventListener('securitypolicyviolation', (event) => {
    console.error('policy: ' + event.violatedDirective + ' blocked ' + event.blockedURI);
  });`,
};

/**
 * Declares a suite whose tests drive a real Chromium: Debian's, or the one that `MEERKAT_CHROMIUM` names. One browser
 * serves the suite. Without one, the suite is skipped and says so; with `CI=true` it fails instead.
 */
export function describeInChromium(title: string, suite: (open: OpenInChromium) => void): void {
  if (!existsSync(EXECUTABLE) && CI !== 'true') {
    const reason = `no Chromium at ${EXECUTABLE}: apt-get install chromium, or set MEERKAT_CHROMIUM`;
    console.warn(`skipped: ${title}: ${reason}`);
    describe.skip(`${title} (${reason})`, () => suite(refuse));
    return;
  }
  describe(title, () => {
    let browser: Browser | undefined;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGS });
    });
    afterAll(() => browser?.close());
    suite((url, options) => openPage(browser, url, options));
  });
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('a skipped suite opens no pages'));
}

async function openPage(
  browser: Browser | undefined,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  if (browser === undefined) throw new Error('Chromium was not started');
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  const complaints: string[] = [];
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  await context.addInitScript(REPORT_BREACHES);
  context.setDefaultTimeout(10_000); // below the test's own, so that the failure names what was waited for
  const page = await context.newPage();
  await page.goto(url);
  return { page, complaints };
}
