import { measure } from './measure.mjs';
import { Messages } from './messages.mjs';
import { openAll } from './open-all.mjs';

/** Every connection keeps `depth` messages on their way. */
export async function echo(setting) {
  const { dialect, connections, depth } = setting;
  const messages = new Messages(setting);
  let received = 0;
  const links = await openAll(connections, async () => {
    let next = 0; // to be sent
    let expected = 0;
    const link = await dialect(setting, messages, '/', (message) => {
      messages.check(expected++, message);
      received += 1;
      link.send(messages.at(next++));
    });
    return () => {
      while (next < depth) link.send(messages.at(next++));
    };
  });
  for (const begin of links) begin();
  return await measure(setting, () => received);
}
