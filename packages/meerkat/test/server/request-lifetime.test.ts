import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connect } from 'meerkat';
import { expect, it } from 'vitest';
import { serve } from '../support/serving.ts';
import { turn } from '../support/waiting.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('a connection that is open does not keep its request', async () => {
  let request: WeakRef<object> | undefined;
  const site = await serve({
    open(_connection, given) {
      request = new WeakRef(given);
    },
    message() {},
  });
  const client = await connect(`ws://127.0.0.1:${site.port}/chat`);
  await client.ping();
  expect(request).toBeDefined();
  for (let round = 0; round < 50 && request?.deref() !== undefined; round += 1) {
    await turn();
    collectGarbage();
  }
  expect(request?.deref()).toBe(undefined);
  client.close();
  await client.closed;
});
