// socket.js -- ending a connection with a reset.
//
// Only an open socket can be reset: node 20 spins for ever at its exit when resetAndDestroy() hits one
// that is still connecting or already shutting down (libuv refuses, and the handle is never closed).

export function reset(socket) {
  if (socket.readyState === 'open' && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}
