// As it is installed: without the optional native module, also where that lies beside it.
process.env.WS_NO_BUFFER_UTIL = '1';
await import('./ws-server.mjs');
