import type { Socket } from "node:net";

/**
 * All that is sent to one client in one turn of the event loop leaves in one system call, not in one for each frame: after a join
 * there are several, and the call costs more than a frame.
 */
export function gatherWrites(socket: Socket): void {
  const write = socket.write;
  let isGathering = false;
  const release = () => {
    isGathering = false;
    socket.uncork();
  };
  const gather = (...args: Parameters<typeof write>): boolean => {
    if (!isGathering) {
      isGathering = true;
      socket.cork();
      process.nextTick(release);
    }
    return write.apply(socket, args);
  };
  socket.write = gather as typeof write;
}
