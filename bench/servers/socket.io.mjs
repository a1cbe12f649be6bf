// Speaks its own protocol in WebSocket messages. What a client says with 'm' comes back; the query role=sub or role=pub
// stands for the paths, since all of its connections have one path.
process.env.WS_NO_BUFFER_UTIL = '1'; // it brings `ws`, and not the native module
const { Server } = await import('socket.io');
const { httpServer, listen } = await import('./http-server.mjs');
const { deflate } = await import('./setting.mjs');

const server = httpServer();
const io = new Server(server, {
  maxHttpBufferSize: 2 ** 21, // its default, 1 MB, is less than the longest message that is measured
  perMessageDeflate: deflate && {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    threshold: 0,
  },
});
io.on('connection', (socket) => {
  const { role } = socket.handshake.query;
  if (role === 'sub')
    void socket.join('room'); // in one process it is no promise
  else if (role === 'pub') socket.on('m', (message) => io.to('room').emit('m', message));
  else socket.on('m', (message) => socket.emit('m', message));
});
listen(server);
