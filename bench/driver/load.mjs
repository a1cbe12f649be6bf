import { fileURLToPath } from 'node:url';
import { Child } from './children.mjs';
import { onLoadCore } from './pinning.mjs';
import { wsload } from './wsload.mjs';

const OWN = fileURLToPath(new URL('../load.mjs', import.meta.url));

/**
 * What loads the servers.
 *
 * @param wanted - `own`, `wsload`, or `auto` for the latter where it can be had.
 * @returns `path` of wsload, or undefined for our own client; `why` in the second case.
 * @throws when wsload is asked for and cannot be had.
 */
export function chooseLoad(wanted) {
  if (wanted === 'own') return { why: 'it was asked for' };
  const { path, missing } = wsload();
  if (missing === undefined) return { path };
  if (wanted === 'wsload') throw new Error(`wsload cannot be used: ${missing}`);
  return { why: `wsload cannot be used: ${missing}` };
}

/** Whether our own client has to do it: wsload has neither TLS nor Socket.IO's protocol. */
function needsOwnLoad(candidate, row) {
  return row.tls === true || candidate.dialect === 'socket.io';
}

/**
 * Loads a server that runs already.
 *
 * @returns What the load printed.
 * @throws when an octet is wrong, a connection ends, or nothing comes.
 */
export async function runLoad(
  { path },
  candidate,
  row,
  { port, pid, seconds, warm, env, ...more },
) {
  const load = { ...row.load, ...more };
  const args = [load.mode, '-p', `${port}`, '--pid', `${pid}`, '-t', `${seconds}`, '-W', `${warm}`];
  for (const [flag, value] of [
    ['-c', load.connections],
    ['-s', load.size],
    ['-d', load.depth],
    ['-w', load.window],
  ]) {
    if (value !== undefined) args.push(flag, `${value}`);
  }
  for (const name of ['text', 'deflate', 'gc']) if (load[name] === true) args.push(`--${name}`);
  if (candidate.dialect !== 'websocket') args.push(`--${candidate.dialect}`);
  const own = path === undefined || needsOwnLoad(candidate, row);
  const child = new Child(
    onLoadCore(own ? [process.execPath, OWN, ...args] : [path, ...args]),
    env,
  );
  try {
    // Opening all connections, and what an idle row waits for, is counted with a minute.
    const printed = await child.result((seconds + warm) * 1_000 + 60_000);
    return JSON.parse(printed.replace(/-?\bnan\b/g, '0')); // C's division of nothing by nothing
  } finally {
    await child.end();
  }
}
