// With the native module that it takes up by itself where it is installed.
import 'bufferutil';

delete process.env.WS_NO_BUFFER_UTIL;
await import('./ws-server.mjs');
