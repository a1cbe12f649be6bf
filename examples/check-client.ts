// A client under test: it runs every case that meerkat check --client serves, and echoes.
import { connect } from 'meerkat';

const base = process.env['MEERKAT_CHECK_URL'] ?? 'ws://127.0.0.1:9001';
const agent = 'my-client';

const asking = await connect(`${base}/getCaseCount`);
let count = 0;
for await (const message of asking) count = Number(message);

for (let number = 1; number <= count; number += 1) {
  try {
    const connection = await connect(`${base}/runCase?case=${number}&agent=${agent}`, {
      compression: true,
      maxMessageBytes: 64 * 1_048_576,
      async message(connection, message) {
        if (connection.send(message) !== 'sent') await connection.drained();
      },
    });
    await connection.closed;
  } catch {
    // Some cases answer the handshake with what no client may take.
  }
}

await (await connect(`${base}/updateReports?agent=${agent}`)).closed;
