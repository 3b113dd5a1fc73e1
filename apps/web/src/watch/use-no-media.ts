import type { Room } from "@fairlead/client";
import { useEffect } from "react";
import { sumOf } from "../broadcast/until-silent.ts";

/** ICE over UDP, then over TCP, takes some seconds where a firewall swallows packets. */
const NOTHING_MS = 10_000;

/** Calls `onNothing` where media is expected and not a byte of it comes: a network lets no WebRTC through. */
export function useNoMedia(room: Room, isExpected: boolean, onNothing: () => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the newest `onNothing` does what each does
  useEffect(() => {
    if (!isExpected) return;
    let isCurrent = true;
    const look = async () => {
      const { receive } = await room.getStats();
      if (isCurrent && sumOf(receive, "inbound-rtp", "bytesReceived") === 0) onNothing();
    };
    const timer = setTimeout(() => void look(), NOTHING_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [room, isExpected]);
}
