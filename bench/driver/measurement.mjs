import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { serverCommand } from './candidates.mjs';
import { Child } from './children.mjs';
import { runLoad } from './load.mjs';
import { onServerCore } from './pinning.mjs';

const START_MILLISECONDS = 20_000;
/** Systems count processor time in steps of 10 ms: a figure made of less than this says little. */
const MIN_CPU_SECONDS = 0.05;
/** How much longer it is measured then. */
const LONGER = 4;
/** For an idle row: garbage is collected, and connections that were there before are forgotten. */
const SETTLE_MILLISECONDS = 1_000;
const EARLIER_CONNECTIONS = 200;

/**
 * Starts a candidate's server, loads it as a row says, ends it.
 *
 * @returns `value`: messages a second that one core could serve, or octets a connection; and what else was seen.
 * @throws with the reason when there is no figure.
 */
export async function measure(candidate, row, setting) {
  const idle = row.load.mode === 'idle';
  const env = {
    ...(row.tls === true && { BENCH_TLS: setting.certificate }),
    ...(idle && { BENCH_GC: '1' }),
  };
  const { server, port } = await startServer(candidate, row, env, idle);
  try {
    const common = { port, pid: server.pid, env };
    if (idle) return await measureMemory(candidate, row, setting, server, common);
    // Some need longer until what they run is compiled.
    const warm = Math.max(setting.warm, row.load.warm ?? 0);
    const run = (seconds) => runLoad(setting.load, candidate, row, { ...common, seconds, warm });
    let load = await run(setting.seconds);
    if (load.srv_cpu * load.secs < MIN_CPU_SECONDS) load = await run(setting.seconds * LONGER);
    if (load.msgs === 0) throw new Error(`nothing came back in ${load.secs.toFixed(1)} s`);
    if (!(load.srv_us_per_msg > 0)) throw new Error('it took no processor time that could be seen');
    return {
      value: 1e6 / load.srv_us_per_msg,
      rate: load.rate,
      serverCpu: load.srv_cpu,
      loadCpu: load.cli_cpu,
      ...(load.rxbytes !== undefined && { octetsPerMessage: load.rxbytes / load.msgs }),
    };
  } finally {
    await server.end();
  }
}

async function measureMemory(candidate, row, setting, server, common) {
  const once = { ...common, seconds: 0.2, warm: 0 };
  await runLoad(setting.load, candidate, row, { ...once, connections: EARLIER_CONNECTIONS });
  server.signal('SIGUSR2');
  await wait(SETTLE_MILLISECONDS);
  const connections = Math.min(row.load.connections, Math.floor(openFileLimit() * 0.7));
  const load = await runLoad(setting.load, candidate, row, { ...once, connections, gc: true });
  return { value: load.bytes_per_conn_gc, connections, beforeCollection: load.bytes_per_conn };
}

async function startServer(candidate, row, env, collectable) {
  const deflate = row.load.deflate === true;
  // Of 0, a server tells the port that it got; those of Deno and Bun as well.
  const command = serverCommand(candidate, 0, { deflate, collectable });
  const server = new Child(onServerCore(command), env);
  try {
    const [, port] = await server.prints(/^READY (\d+)$/m, START_MILLISECONDS);
    return { server, port: Number(port) };
  } catch (error) {
    await server.end();
    throw error;
  }
}

function openFileLimit() {
  try {
    const [, limit = '1024'] =
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return Number(limit);
  } catch {
    return 1_024;
  }
}
