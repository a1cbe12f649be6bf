// The page as text, and in a real Chromium: what a reader sees at three widths, in light and dark, with and without scripts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInChromium, type OpenPage } from '../../../../../test/support/chromium.ts';
import { compareReports } from '../../../src/bench/report/compare-reports.ts';
import { htmlReport } from '../../../src/bench/report/html-report.ts';
import { judge } from '../../../src/bench/report/judge.ts';
import {
  busyReport,
  emptyReport,
  failedReport,
  latencyOf,
  loadOf,
  planOf,
  reportOf,
  reportWithServer,
  sampleOf,
  samplesOf,
} from '../reports.ts';

type Page = OpenPage['page'];

const earlier = reportWithServer({ latency: latencyOf(0.7), samples: samplesOf().slice(4) });
const slower = reportWithServer();
const comparison = compareReports(slower, earlier);

const PAGES = {
  fine: htmlReport(slower),
  compared: htmlReport(slower, earlier, judge(slower, { maxP99: 1, maxLoss: 0.1 }, comparison)),
  empty: htmlReport(emptyReport()),
  failed: htmlReport(failedReport()),
  busy: htmlReport(busyReport(), failedReport()),
  storm: htmlReport(
    reportOf({ plan: planOf({ mode: 'connect' }), latency: undefined, handshakesPerSecond: 4_000 }),
  ),
  one: htmlReport(
    reportOf({ samples: [sampleOf()], latency: { ...latencyOf(), curve: [[100, 18.2]] } }),
  ),
} as const;

/** Until what has changed is drawn. */
const TWO_FRAMES =
  'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))';
const EVIL = '</script><script>alert(1)</script><img src=x onerror="alert(2)">\u202e\x1b';

describe('the page of a load test', () => {
  it('needs nothing from a network, and lets nothing run but what it is made of', () => {
    for (const page of Object.values(PAGES)) {
      expect(page).toContain("default-src 'none'");
      expect(
        page.match(/<(?:link|script|img|iframe|object)[^>]*(?:src|href)=(?!"data:,")/g),
      ).toBeNull();
      expect(page).not.toMatch(/NaN|Infinity|undefined<|>undefined|\[object/);
    }
  });

  it('holds what a server said as text', () => {
    const page = htmlReport(
      reportOf({
        failures: [{ kind: EVIL, detail: EVIL, count: 1 }],
        plan: planOf({
          url: `ws://h/${EVIL}`,
          mode: 'scenario',
          scenario: { name: EVIL, steps: [] },
        }),
        load: loadOf({ processes: [], bottleneck: EVIL }),
        endedEarly: EVIL,
        machine: { cpu: EVIL, cores: 1, node: EVIL, platform: EVIL },
        startedAt: EVIL,
        meerkat: EVIL,
      }),
      reportOf({ meerkat: EVIL, plan: planOf({ url: EVIL }) }),
      [{ name: EVIL, passed: false, words: EVIL }],
    );
    expect(page.match(/<script/g)).toHaveLength(3);
    expect(page).not.toContain('<img');
    expect(page).not.toContain('\u202e');
    expect(page).not.toContain('\x1b');
  });

  it('tells every figure without a script', () => {
    const page = PAGES.fine.slice(0, PAGES.fine.indexOf('id="plot-data"'));
    for (const figure of [
      '98,000',
      '980,100',
      '310 µs',
      '4.11 ms',
      '9.80 ms',
      '72.8 ms',
      '3.10 kB',
      '72.0 MB',
      '62 %',
      '10.0 µs',
      '100,000',
      '11.50 s',
    ]) {
      expect(page, figure).toContain(figure);
    }
  });

  it('has no table of a load that never ran, and no figures of another load', () => {
    const failed = htmlReport({ ...failedReport(), load: loadOf({ processes: [] }) });
    expect(failed).not.toContain('The load itself');
    expect(htmlReport(reportOf())).toContain('The load itself');
    const other = htmlReport(reportOf(), reportOf({ plan: planOf({ connections: 50 }) }));
    expect(other).toContain('NOT THE SAME LOAD');
    expect(other).toContain('connections: 100, earlier 50');
    expect(other).not.toMatch(/>Verdict<|within noise/);
  });

  it('warns before all figures', () => {
    expect(PAGES.busy.indexOf('THE LOAD WAS THE BOTTLENECK')).toBeLessThan(
      PAGES.busy.indexOf('class="cards"'),
    );
    expect(PAGES.busy).toContain('role="alert"');
    expect(PAGES.fine).not.toContain('role="alert"');
  });

  it('is not much larger for a long run', () => {
    const samples = Array.from({ length: 50_000 }, (_, at) => sampleOf({ at: at / 4 }));
    expect(htmlReport(reportOf({ samples })).length).toBeLessThan(600_000);
  });
});

describeInChromium('the page of a load test', (open) => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'meerkat-bench-page-'));
    for (const [name, page] of Object.entries(PAGES))
      writeFileSync(join(folder, `${name}.html`), page);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const url = (name: keyof typeof PAGES): string =>
    pathToFileURL(join(folder, `${name}.html`)).href;

  /** Of each plot: how many pixels have the colour of a line. */
  const inked = (page: Page): Promise<Record<string, number>> =>
    page.evaluate<Record<string, number>>(`(() => {
      const style = getComputedStyle(document.documentElement);
      const lines = ['one', 'two', 'three'].map((name) => {
        const hex = style.getPropertyValue('--' + name).trim();
        return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
      });
      return Object.fromEntries([...document.querySelectorAll('.plot')].map((plot) => {
        const canvas = plot.querySelector('canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let at = 0; at < data.length; at += 4) {
          const off = ([r, g, b]) => Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b);
          if (data[at + 3] > 200 && lines.some((line) => off(line) < 24)) count += 1;
        }
        return [plot.id.slice('plot-'.length), count];
      }));
    })()`);

  const ALL = ['connections', 'cpu', 'latency', 'memory', 'percentiles', 'rate'];
  const WITHOUT_SERVER = ALL.filter((id) => id !== 'memory');

  const PLOTS: readonly (readonly [keyof typeof PAGES, 'light' | 'dark', readonly string[]])[] = [
    ['compared', 'light', ALL],
    ['empty', 'light', []],
    ['failed', 'light', ['connections', 'cpu', 'rate']],
    ['busy', 'light', WITHOUT_SERVER],
    ['storm', 'dark', ['connections', 'cpu', 'percentiles']],
    ['one', 'light', WITHOUT_SERVER],
  ];

  // In one tab, one after the other: to open one costs most of the time.
  it('draws all plots of every run, without a complaint', async () => {
    const { page, complaints } = await open('about:blank');
    for (const [name, colorScheme, plots] of PLOTS) {
      await page.emulateMedia({ colorScheme });
      await page.goto(url(name));
      await page.evaluate(TWO_FRAMES);
      const ink = await inked(page);
      expect(Object.keys(ink).sort(), name).toEqual(plots);
      for (const [id, pixels] of Object.entries(ink)) {
        expect(pixels, `${name}, ${id}, ${colorScheme}`).toBeGreaterThan(3);
      }
      expect(complaints, name).toEqual([]);
    }
  });

  it('fits into 1400, 800 and 360 pixels, and its plots with it', async () => {
    const { page, complaints } = await open(url('compared'));
    for (const width of [1400, 800, 360]) {
      await page.setViewportSize({ width, height: 800 });
      await page.evaluate(TWO_FRAMES);
      const overflow = await page.evaluate<number>(
        `Math.max(...[document.documentElement, ...document.querySelectorAll('.plot')].map((box) => box.scrollWidth - box.clientWidth))`,
      );
      expect(overflow, `${width}`).toBe(0);
    }
    expect(complaints).toEqual([]);
  });

  it('tells by the keyboard what is drawn', async () => {
    const { page } = await open(url('fine'));
    const plot = page.getByRole('group', { name: /^Plot: Latency\. Median from/ });
    await plot.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    const legend = plot.locator('.u-legend');
    expect(await legend.textContent()).toMatch(/^at11\.5 sp50\d+ µsp99\d\.\d+ msmax18\.2 ms$/);
  });

  it('is drawn again when light becomes dark, and dark on white for paper', async () => {
    const { page, complaints } = await open(url('fine'), { colorScheme: 'light' });
    const expectDrawn = async (colour: string): Promise<void> => {
      const one = await page.evaluate(
        `getComputedStyle(document.documentElement).getPropertyValue('--one')`,
      );
      expect(one).toBe(colour);
      for (const [id, pixels] of Object.entries(await inked(page))) {
        expect(pixels, `${id} in ${colour}`).toBeGreaterThan(50);
      }
    };
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.evaluate(TWO_FRAMES);
    await expectDrawn('#8ab4f8');
    await page.evaluate(`dispatchEvent(new Event('beforeprint'))`);
    await expectDrawn('#0b57d0');
    await page.evaluate(`dispatchEvent(new Event('afterprint'))`);
    await expectDrawn('#8ab4f8');
    expect(complaints).toEqual([]);
  });

  it('shows its figures without scripts', async () => {
    const { page } = await open(url('compared'), { javaScriptEnabled: false });
    expect(await page.locator('.latencies table').textContent()).toContain('p99.94.11 ms');
    expect(await page.locator('noscript').count()).toBe(1);
  });
});
