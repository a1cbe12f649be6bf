import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connect } from 'meerkat';
import { expect, it } from 'vitest';
import { serve } from '../support/serving.ts';
import { turn } from '../support/waiting.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('a connection that is open keeps neither its request nor that of node:http', async () => {
  const requests: WeakRef<object>[] = [];
  const site = await serve({
    open(_connection, given) {
      requests.push(new WeakRef(given), new WeakRef(given.incoming));
    },
    message() {},
  });
  const client = await connect(`ws://127.0.0.1:${site.port}/chat`);
  await client.ping();
  const kept = (): object[] => requests.flatMap((request) => request.deref() ?? []);
  expect(requests).toHaveLength(2);
  for (let round = 0; round < 50 && kept().length > 0; round += 1) {
    await turn();
    collectGarbage();
  }
  expect(kept()).toEqual([]);
  client.close();
  await client.closed;
});
