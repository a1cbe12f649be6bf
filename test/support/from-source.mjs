// `node --import` of this runs TypeScript from its sources, as tsx does, at half of its price: tests start hundreds of programs.
// Only types are taken out: every import names its file, and node itself resolves packages (--conditions=meerkat-source).
import * as nodeModule from 'node:module';

if (nodeModule.registerHooks === undefined) {
  nodeModule.register(new URL('./source-hooks.mjs', import.meta.url));
} else {
  const { isSource, sourceOf } = await import('./source-hooks.mjs');
  nodeModule.registerHooks({
    load: (url, context, next) => (isSource(url) ? sourceOf(url) : next(url, context)),
  });
}
