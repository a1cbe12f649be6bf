// Several workers of node:cluster prove the handle transport at the same moment. Prints what each of them found, and
// whether the others heard of its port.
import cluster from 'node:cluster';
import { selfTest } from '../../../src/transport/self-test.ts';

const WORKERS = 4;

if (cluster.isPrimary) {
  const found: boolean[] = [];
  let ports = 0;
  cluster.on('listening', () => {
    ports += 1;
  });
  cluster.on('message', (_worker, passed: boolean) => {
    found.push(passed);
    if (found.length < WORKERS) return;
    console.log(`${found.join(' ')}, ${ports} ports`);
    cluster.disconnect();
  });
  for (let worker = 0; worker < WORKERS; worker += 1) cluster.fork();
} else {
  process.send?.(await selfTest(Buffer.alloc(65_536)));
}
