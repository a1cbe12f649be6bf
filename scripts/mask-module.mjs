// Assembles packages/meerkat/src/connection/mask-module.wat and puts its octets into mask-module.ts, beside it. With --check nothing
// is written, and it fails when they are not what stands there.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const folder = fileURLToPath(new URL('../packages/meerkat/src/connection', import.meta.url));
const text = join(folder, 'mask-module.wat');
const source = join(folder, 'mask-module.ts');
const OCTETS = /(?<=const MODULE =\n)(?: {2}'[\w+/=]+'(?: \+\n|;\n))+/;
const LINE = 92;

const { parseWat } = await wabt();
const module = parseWat(text, readFileSync(text, 'utf8'), { simd: true });
module.validate();
const octets = Buffer.from(module.toBinary({}).buffer);
module.destroy();

const lines = octets.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
const literal = `${lines.map((line) => `  '${line}'`).join(' +\n')};\n`;
const before = readFileSync(source, 'utf8');
if (!OCTETS.test(before)) throw new Error(`${source} has no place for the octets`);
const after = before.replace(OCTETS, literal);
if (after === before) {
  console.log(`mask-module.ts holds the ${octets.length} octets of mask-module.wat.`);
} else if (process.argv.includes('--check')) {
  console.error(
    'mask-module.ts is not what mask-module.wat assembles to: node scripts/mask-module.mjs',
  );
  process.exitCode = 1;
} else {
  writeFileSync(source, after);
  console.log(`Wrote ${octets.length} octets into mask-module.ts.`);
}
