import type { Socket } from "node:net";
import { canonicalAddress } from "@fairlead/signaling";

/** @returns A listener for a server's connections, which closes those that one address has too many of. */
export function boundSockets(limit: number): (socket: Socket) => void {
  const counts = new Map<string, number>();
  return (socket) => {
    const address = canonicalAddress(socket.remoteAddress ?? "");
    // Closed before anybody could ask.
    if (address === undefined) return;
    const count = counts.get(address) ?? 0;
    if (count >= limit) {
      socket.destroy();
      return;
    }
    counts.set(address, count + 1);
    socket.once("close", () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
  };
}
