import { measure } from './measure.mjs';
import { Messages } from './messages.mjs';
import { openAll } from './open-all.mjs';

/** One publishes; of its messages at most `window` have not reached all subscribers. What is counted are deliveries. */
export async function broadcast(setting) {
  const { dialect, connections, window } = setting;
  const messages = new Messages(setting);
  let delivered = 0;
  let published = 0;
  let publisher;
  await openAll(connections, () => {
    let expected = 0;
    return dialect(setting, messages, '/sub', (message) => {
      messages.check(expected++, message);
      delivered += 1;
      if (delivered % connections === 0) publish();
    });
  });
  publisher = await dialect(setting, messages, '/pub', () => {
    throw new Error('the publisher got a message');
  });

  function publish() {
    while (published < delivered / connections + window) publisher.send(messages.at(published++));
  }

  publish();
  return await measure(setting, () => delivered);
}
