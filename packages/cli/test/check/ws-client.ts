// A client under test made of the package `ws`, as drivers for the Autobahn|Testsuite are.

import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { WebSocket } from 'ws';
import { FROM_SOURCE } from '../../../../test/support/program.ts';

/** What the client does wrong. */
export type Mistake = 'none' | 'shouts' | 'stops early';

/** Runs every case that is served at `base`. */
export async function runCases(
  base: string,
  agent: string,
  mistake: Mistake = 'none',
): Promise<void> {
  const count = Number(await ask(`${base}/getCaseCount`));
  for (let number = 1; number <= (mistake === 'stops early' ? 1 : count); number += 1) {
    const socket = new WebSocket(`${base}/runCase?case=${number}&agent=${agent}`);
    socket.on('message', (data, binary) => {
      socket.send(mistake === 'shouts' ? String(data).toUpperCase() : data, { binary });
    });
    await over(socket);
  }
  await over(new WebSocket(`${base}/updateReports?agent=${agent}`));
}

/** The last message that comes from `url`. */
export async function ask(url: string): Promise<string | undefined> {
  const socket = new WebSocket(url);
  let answer: string | undefined;
  socket.on('message', (data) => {
    answer = String(data);
  });
  await over(socket);
  return answer;
}

/** The words of a command that runs the cases in a process of its own. */
export function wsClient(agent: string, mistake: Mistake = 'none', then: string = ''): string[] {
  const module = JSON.stringify(pathToFileURL(import.meta.filename).href);
  const args = [agent, mistake].map((arg) => JSON.stringify(arg)).join(', ');
  const script = `import(${module})
    .then(({ runCases }) => runCases(process.env.MEERKAT_CHECK_URL, ${args}))
    .then(() => { ${then} });`;
  return [process.execPath, ...FROM_SOURCE, '-e', script];
}

function over(socket: WebSocket): Promise<void> {
  socket.on('error', () => {}); // some cases are there to cause one
  return new Promise((resolve) => {
    socket.on('close', () => resolve());
  });
}
