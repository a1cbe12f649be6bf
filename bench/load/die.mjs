/** Ends the load with exit code 3: what it counted until then is worth nothing. */
export function die(error) {
  console.error(`load: ${error.message}`);
  process.exit(3);
}
