// The program from its sources: what bin/meerkat.js is to the built one.
import { main } from '../../src/main.ts';

process.exitCode = await main(process.argv.slice(2));
