import { expect, it } from 'vitest';
import { htmlReport } from '../../../src/bench/report/html-report.ts';
import { publicReport, reportJson } from '../../../src/bench/report/public-report.ts';
import { lookFor } from '../../../src/bench/report/report-look.ts';
import { summaryText } from '../../../src/bench/report/summary-text.ts';
import { Collector } from '../../connect/command.ts';
import { planOf, reportOf } from '../reports.ts';

const SECRET = 'sesame';

/** A report with a secret wherever one may stand. */
const telling = reportOf({
  plan: planOf({
    url: `wss://me:${SECRET}@example.com/chat?room=1&token=${SECRET}`,
    publishUrl: `wss://example.com/pub?api_key=${SECRET}`,
    headers: [
      ['Authorization', `Bearer ${SECRET}`],
      ['X-Plain', SECRET],
    ],
    subprotocols: ['chat', 'bearer', SECRET],
    ca: `-----BEGIN CERTIFICATE-----${SECRET}`,
    scenario: {
      name: 'login',
      before: [
        {
          connect: {
            path: `/in?ticket=${SECRET}`,
            headers: { Cookie: SECRET },
            subprotocols: ['token', SECRET],
          },
        },
      ],
      steps: [
        { send: { json: { user: 'me', password: SECRET, deep: [{ accessToken: SECRET }] } } },
        { send: { text: `login?password=${SECRET}` } },
        { expect: { json: { session: SECRET }, text: `token=${SECRET}` } },
        { repeat: { times: 2, steps: [{ send: { json: { token: SECRET } } }, { wait: 5 }] } },
      ],
    },
  }),
  failures: [
    { kind: 'handshake', detail: `401 for wss://example.com/chat?token=${SECRET}`, count: 1 },
  ],
});

it('keeps secrets out of the JSON, the page and the summary', () => {
  const look = lookFor(new Collector(false), {});
  for (const text of [
    reportJson(telling),
    htmlReport(telling, telling),
    summaryText(telling, look),
  ]) {
    expect(text).not.toContain(SECRET);
    expect(text).toContain('(redacted)');
  }
});

it('keeps what is no secret', () => {
  const { plan } = publicReport(telling);
  expect(plan.url).toContain('room=1');
  expect(plan.headers.map(([name]) => name)).toEqual(['Authorization', 'X-Plain']);
  expect(plan.subprotocols.slice(0, 2)).toEqual(['chat', 'bearer']);
  expect(JSON.stringify(plan.scenario)).toContain('"user":"me"');
});

it('changes nothing more when applied twice', () => {
  const once = publicReport(telling);
  expect(publicReport(once)).toEqual(once);
});
