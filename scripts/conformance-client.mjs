// meerkat's client under test: it runs every case that MEERKAT_CHECK_URL serves. The handler is called where a message is
// complete, before the octets behind it are looked at: what was echoed is out when one of those fails the connection.
import { connect } from 'meerkat';

const base = process.env.MEERKAT_CHECK_URL;
const options = { maxMessageBytes: 64 * 1_048_576, compression: true };
let count = 0;

const counting = await connect(`${base}/getCaseCount`, {
  message(_connection, message) {
    count = Number(message);
  },
});
await counting.closed;

for (let number = 1; number <= count; number += 1) {
  try {
    const connection = await connect(`${base}/runCase?case=${number}&agent=meerkat`, {
      ...options,
      async message(running, message) {
        if (running.send(message) !== 'sent') await running.drained();
      },
    });
    await connection.closed;
  } catch {
    // Some cases answer the handshake with what no client may take.
  }
}

const asking = await connect(`${base}/updateReports?agent=meerkat`);
await asking.closed;
