// node scripts/docs.mjs: rewrites what in docs/ is made of the code and of other files, then runs the tests of docs/.
// It needs what `npm test` installs, and installs nothing itself.
import { spawnSync } from 'node:child_process';
import { node, root } from './ready.mjs';

const VITEST = 'node_modules/vitest/vitest.mjs';
const GENERATED = ['test/docs', 'packages/cli/test/docs', 'packages/conformance/test/docs'];
const BLOCKS = ['test/package/docs.test.ts'];

/** Lets tests that compare a page with its source write the page instead. What else they find is told at the end. */
function update(files) {
  const env = { ...process.env, UPDATE_DOCS: '1' };
  spawnSync(process.execPath, [VITEST, 'run', ...files], { cwd: root, env, stdio: 'ignore' });
}

// One after the other: both write the same pages.
update(GENERATED);
update(BLOCKS);
node(VITEST, ['run', ...GENERATED, ...BLOCKS]);
