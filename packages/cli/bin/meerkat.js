#!/usr/bin/env node
import { main } from '../dist/main.js';

const exitCode = await main(process.argv.slice(2));
process.exitCode = exitCode;
// Nothing should be left to wait for. Where something is (a second Ctrl-C while clients are being closed), it is not.
setTimeout(() => process.exit(exitCode), 250).unref();
