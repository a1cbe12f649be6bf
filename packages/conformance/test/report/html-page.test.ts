// The page in a real Chromium: what a reader sees and does, at three widths.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInChromium, type OpenPage } from '../../../../test/support/chromium.ts';
import { htmlReport } from '../../src/report/html.ts';
import { junitXml } from '../../src/report/junit.ts';
import { smallRun } from './support/whole-run.ts';

const WIDTHS = [1400, 800, 360] as const;

type Page = OpenPage['page'];

let folder = '';
let url = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meerkat-page-'));
  const file = join(folder, 'report.html');
  writeFileSync(file, htmlReport(smallRun()));
  url = pathToFileURL(file).href;
});

afterAll(() => rmSync(folder, { recursive: true }));

/** How far the page, or what is open in it, could be scrolled sideways. */
function overflow(page: Page): Promise<number> {
  return page.evaluate<number>(`Math.max(...[document.documentElement, document.querySelector('dialog')]
    .map((box) => box.scrollWidth - box.clientWidth))`);
}

/** Visible cases. */
function shownCases(page: Page): Promise<string[]> {
  return page.evaluate<
    string[]
  >(`[...document.querySelectorAll('.cases tbody:not([hidden]) tr:not(.section):not([hidden]) th')]
    .map((head) => head.textContent)`);
}

describeInChromium('the HTML report', (open) => {
  it(`fits into ${WIDTHS.join(', ')} pixels, with and without an open case`, async () => {
    const { page, complaints } = await open(url);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      expect(await overflow(page), `${width}`).toBe(0);
      await page.goto(`${url}#case-5.1.6/1`); // in the page that is there
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await overflow(page), `${width}, ${colorScheme}`).toBe(0);
      }
      expect(await page.getByRole('dialog').isVisible()).toBe(true);
      await page.keyboard.press('Escape');
    }
    expect(complaints).toEqual([]);
  });

  it('filters by outcome, by difference and by words', async () => {
    const { page } = await open(url);
    const status = page.getByRole('status');
    expect(await status.textContent()).toBe('107 cases');
    await page.getByLabel('Only what failed').check();
    const failed = await shownCases(page);
    expect(failed).toHaveLength(28);
    expect(failed).toEqual(expect.arrayContaining(['5.1.6', '9.1.1', 'C6', '1.1.4']));
    await page.getByLabel('Failed or not strict').check();
    expect(await shownCases(page)).toEqual(expect.arrayContaining(['6.2.1', '12.1.1', '5.1.6']));
    await page.getByLabel('Differing').check();
    await page.getByRole('searchbox').fill('5.1');
    expect(await shownCases(page)).toEqual(['5.1.4', '5.1.6', '5.1.7', '5.1.8']);
    expect(await status.textContent()).toBe('4 of 107 cases');
    await page.getByLabel('All').check();
    await page.getByRole('searchbox').fill('10');
    expect(await shownCases(page)).toEqual(['10.1.1']);
  });

  it('tells all of a case: words, expectation, frames, handshake', async () => {
    const { page } = await open(url);
    await page.getByRole('link', { name: 'case 5.1.6: Fail' }).click();
    const dialog = page.getByRole('dialog', { name: /^Case 5\.1\.6 · sloppy-server/ });
    const text = await dialog.innerText();
    for (const words of [
      'Behaviour: FAILED\nanswers a ping only after',
      'Close: UNCLEAN',
      'RFC 6455 §5.4',
      'pong "ping payload"',
      'sent text~ "fragment1"',
      'opcode 1\nFIN 0\nRSV 000\nmask 1a2b3c4d\nlength 9',
      'header 01 89 1a 2b 3c 4d',
      '66 72 61 67 6d 65 6e 74 31',
      'The peer sets reserved bits that nobody gave a meaning',
      'RSV 010',
      'GET /websocket HTTP/1.1',
      'Sec-WebSocket-Accept',
    ]) {
      expect(text).toContain(words);
    }
  });

  it('can be used with the keyboard alone, and linked to', async () => {
    const { page } = await open(url);
    await page.getByLabel('Only what failed').check();
    const link = page.getByRole('link', { name: 'case 5.1.6: Fail' });
    await link.focus();
    await page.keyboard.press('Enter');
    const title = page.locator('#details-title');
    await page.getByRole('dialog').waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('close');
    await page.getByRole('button', { name: 'Next' }).press('Enter');
    expect(await title.textContent()).toMatch(/^Case 5\.1\.7 · sloppy/);
    expect(page.url()).toMatch(/#case-5\.1\.7\/1$/);
    await page.getByRole('button', { name: /^acme-ws/ }).press('Enter');
    expect(await title.textContent()).toBe('Case 5.1.7 · acme-ws/2.1');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    // A dialog says that it was closed a moment after it is hidden.
    await page.waitForURL(url);
    await page.waitForFunction("document.activeElement.hash === '#case-5.1.6/1'");

    await page.goto(`${url}#case-C6/1`);
    expect(await page.getByRole('dialog').innerText()).toContain(
      'This case was not run: the server died in case C3',
    );
  });

  it('shows hostile text as text, and runs none of it', async () => {
    const { page, complaints } = await open(`${url}#case-1.1.4/2`);
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    const text = await dialog.innerText();
    expect(text).toContain('<script>alert(1)</script>"\'&\\u202e\\x1b[31m\\x00');
    expect(text).toContain('Server: </script><img src=x onerror=alert(1)>\\n');
    expect(await page.locator('img, main script, dialog script').count()).toBe(0);
    expect(await page.evaluate('/\\p{Cf}/u.test(document.body.innerText)')).toBe(false);
    expect(complaints).toEqual([]);
  });

  it('opens nothing for a link to what is not there', async () => {
    const { page, complaints } = await open(`${url}#case-%/0`);
    expect(await page.getByRole('status').textContent()).toBe('107 cases');
    for (const hash of ['#case-', '#case-5.1.6/9', '#case-__proto__/0', '#case-5.1.6/1', '#%']) {
      await page.goto(url + hash);
      expect(await page.getByRole('dialog').count()).toBe(hash === '#case-5.1.6/1' ? 1 : 0);
    }
    expect(complaints).toEqual([]);
  });

  it('has JUnit beside it that a parser takes', async () => {
    const { page } = await open('about:blank');
    const parsed = `((xml) => {
      const read = new DOMParser().parseFromString(xml, 'application/xml');
      return [read.querySelectorAll('parsererror').length, read.querySelectorAll('testcase').length];
    })(${JSON.stringify(junitXml(smallRun()))})`;
    expect(await page.evaluate<[number, number]>(parsed)).toEqual([0, 3 * 107]);
  });
});
