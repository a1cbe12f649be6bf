// A client that stays: it dials, tells when a connection opens and how it ends, and dials again.
import { connect } from 'meerkat';

const [url = ''] = process.argv.slice(2);

for (;;) {
  const connection = await connect(url, { message() {} });
  console.log('open');
  const { code } = await connection.closed;
  console.log(`closed ${code}`);
}
