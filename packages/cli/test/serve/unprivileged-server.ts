// Run by static-files.test.ts as a process of its own: with few descriptors, which it uses up on demand, and without
// the privilege of reading every file.
import { closeSync, openSync } from 'node:fs';
import { serveApp } from './serving.ts';

const [root = '.'] = process.argv.slice(2);
const { port } = await serveApp({ root });
if (process.getuid?.() === 0) process.setuid?.(65_534);

const held: number[] = [];
process.stdin.on('data', (command) => {
  if (String(command) === 'exhaust') {
    try {
      while (true) held.push(openSync('/dev/null', 'r'));
    } catch {
      // none is left
    }
  } else {
    for (const fd of held.splice(0)) closeSync(fd);
  }
  process.stdout.write('done');
});
process.stdout.write(String(port));
