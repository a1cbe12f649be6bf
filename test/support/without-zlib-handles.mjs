// Preloaded (`node --import`), it hides from meerkat the streams whose handles it would use: then the public calls of zlib
// do all the work, as on a Node that is another one inside. `zlib.createDeflateRaw`, which others use, stays as it is.
import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';

zlib.DeflateRaw = class {};
zlib.InflateRaw = class {};
syncBuiltinESMExports();
