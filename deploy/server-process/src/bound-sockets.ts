import type { Socket } from "node:net";
import { canonicalAddress } from "@fairlead/signaling";

/**
 * @param onFull Hears of an address when it has as many as it may and wants more; once, until it has none any more.
 * @returns A listener for a server's connections, which closes those that one address has too many of.
 */
export function boundSockets(limit: number, onFull: (address: string) => void): (socket: Socket) => void {
  const counts = new Map<string, number>();
  const told = new Set<string>();
  return (socket) => {
    const address = canonicalAddress(socket.remoteAddress ?? "");
    // Closed before anybody could ask.
    if (address === undefined) return;
    const count = counts.get(address) ?? 0;
    if (count >= limit) {
      socket.destroy();
      if (!told.has(address)) onFull(address);
      told.add(address);
      return;
    }
    counts.set(address, count + 1);
    socket.once("close", () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left > 0) counts.set(address, left);
      else {
        counts.delete(address);
        told.delete(address);
      }
    });
  };
}
