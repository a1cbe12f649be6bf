import { broadcastLoad } from './broadcast-load.ts';
import { connectLoad } from './connect-load.ts';
import { echoLoad } from './echo-load.ts';
import type { LoadSetup, LoadSource } from './load-source.ts';
import { rateLoad } from './rate-load.ts';

/** The load that a plan asks for. */
export async function openLoad(setup: LoadSetup): Promise<LoadSource> {
  const { mode, rate } = setup.plan;
  switch (mode) {
    case 'echo':
      return rate === undefined ? await echoLoad(setup) : await rateLoad(setup);
    case 'broadcast':
      return await broadcastLoad(setup);
    case 'connect':
    case 'idle':
      return await connectLoad(setup);
    case 'scenario': {
      // Only here: the other loads need no client of the library, and begin sooner.
      const { ScenarioLoad } = await import('../scenario/scenario-load.ts');
      return new ScenarioLoad(setup, setup.plan.scenario ?? { name: '', steps: [] }, process.env);
    }
  }
}
