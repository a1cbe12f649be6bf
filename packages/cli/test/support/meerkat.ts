// The program from its sources: what bin/meerkat.js is to the built one.
import { main } from '../../src/main.ts';

const exitCode = await main(process.argv.slice(2));
process.exitCode = exitCode;
setTimeout(() => process.exit(exitCode), 250).unref();
