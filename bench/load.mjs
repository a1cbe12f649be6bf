// node load.mjs MODE -p PORT [options]: loads a server, checks every octet that comes back, and prints what it cost as one
// line of JSON. Modes, options and answer are those of wsload, so that either can be used.
import { parseArgs } from 'node:util';
import { broadcast } from './load/broadcast.mjs';
import { churn } from './load/churn.mjs';
import { dialects } from './load/dialects.mjs';
import { die } from './load/die.mjs';
import { echo } from './load/echo.mjs';
import { idle } from './load/idle.mjs';

const MODES = { echo, bcast: broadcast, churn, idle };

const USAGE = `usage: node load.mjs MODE -p PORT [options]

 echo    every connection keeps -d messages on their way
 bcast   one publishes at /pub, -c subscribe at /sub; at most -w messages are on their way
 churn   connects, and ends at once, -c at a time
 idle    opens -c connections, waits -t seconds, tells by how much --pid has grown

 -p PORT -c CONNECTIONS -s OCTETS -d DEPTH -w WINDOW -t SECONDS -W SECONDS-TO-WARM-UP
 --text      text, not binary
 --deflate   with permessage-deflate, without context takeover
 --raw       no WebSocket: octets that come back (echo only)
 --socket.io Socket.IO's protocol
 --pid PID   the server, whose processor time is read
 --gc        sends it SIGUSR2 before its memory is read (idle only)
BENCH_TLS names a PEM file with the certificate of a TLS server.
`;

const number = (fallback) => ({ type: 'string', default: `${fallback}` });

function readSetting() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { ...number(9001), short: 'p' },
      connections: { ...number(100), short: 'c' },
      size: { ...number(20), short: 's' },
      depth: { ...number(1), short: 'd' },
      window: { ...number(8), short: 'w' },
      seconds: { ...number(3), short: 't' },
      warm: { ...number(0.7), short: 'W' },
      pid: number(0),
      text: { type: 'boolean', default: false },
      deflate: { type: 'boolean', default: false },
      raw: { type: 'boolean', default: false },
      'socket.io': { type: 'boolean', default: false },
      gc: { type: 'boolean', default: false },
    },
  });
  const [mode = ''] = positionals;
  if (!Object.hasOwn(MODES, mode)) throw new Error(`the mode is one of ${Object.keys(MODES)}`);
  const setting = { ...values, mode };
  for (const name of ['port', 'connections', 'size', 'depth', 'window', 'seconds', 'warm', 'pid']) {
    setting[name] = Number(values[name]);
    if (!(setting[name] >= 0)) throw new Error(`${name} is not a number`);
  }
  const dialect = values.raw ? 'raw' : values['socket.io'] ? 'socket.io' : 'websocket';
  return { ...setting, dialect: dialects[dialect] };
}

let setting;
try {
  setting = readSetting();
} catch (error) {
  console.error(`load: ${error.message}\n\n${USAGE}`);
  process.exit(2);
}
process.on('uncaughtException', die);
process.on('unhandledRejection', die);
const result = await MODES[setting.mode](setting);
console.log(JSON.stringify({ mode: setting.mode, conns: setting.connections, ...result }));
process.exit(); // thousands of connections need no closing handshake
