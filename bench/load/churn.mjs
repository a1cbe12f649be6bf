import { measure } from './measure.mjs';
import { Messages } from './messages.mjs';

/** Opens connections and ends them at once, `connections` at a time. What is counted are opening handshakes. */
export async function churn(setting) {
  const { dialect, connections } = setting;
  const messages = new Messages(setting);
  let opened = 0;
  async function openAgain() {
    for (;;) {
      const link = await dialect(setting, messages, '/', () => {});
      link.end();
      opened += 1;
    }
  }
  const endless = Array.from({ length: connections }, openAgain); // they end only with an error
  return await Promise.race([measure(setting, () => opened), ...endless]);
}
