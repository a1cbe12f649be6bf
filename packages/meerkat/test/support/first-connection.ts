// The first connection of a process, which is made while it is found out which transports work: prints what came of it.
import { connect } from 'meerkat';

const [, , url = ''] = process.argv;
let messages = 0;
let octets = 0;
const connection = await connect(url, {
  message(_connection, message) {
    messages += 1;
    octets += message.length;
  },
});
const { code, because } = await connection.closed;
console.log(`${messages} messages, ${octets} octets, ${code} (${because})`);
