// A client: dials, sends, prints what comes back, and says how it ended.
//   npm run example client ws://localhost:8080/websocket
import { connect, HandshakeError } from 'meerkat';

const url = process.argv[2] ?? 'ws://localhost:8000/websocket';

try {
  const connection = await connect(url, { handshakeTimeout: 5_000 });
  connection.send('Hello World!');
  connection.send(new Uint8Array([1, 2, 3]));
  console.log(`round trip: ${(await connection.ping()).toFixed(1)} ms`);

  let answers = 0;
  for await (const message of connection) {
    console.log(typeof message === 'string' ? `text: ${message}` : `binary: ${message.join(' ')}`);
    answers += 1;
    if (answers === 2) connection.close(1000, 'done');
  }

  const { code, by, clean } = await connection.closed; // never rejects
  console.log(`closed: ${code}, by ${by}, ${clean ? 'cleanly' : 'not cleanly'}`);
} catch (error) {
  if (!(error instanceof HandshakeError)) throw error;
  console.error(`${error.code}: ${error.message}`); // what exactly was wrong with the handshake
  process.exitCode = 1;
}
