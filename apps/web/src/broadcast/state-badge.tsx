import type { BroadcastState } from "@fairlead/client";

const TEXTS: Record<BroadcastState, string> = {
  created: "Not started",
  live: "Live",
  interrupted: "Interrupted",
  ended: "Ended",
};

/** `undefined`: not known yet. */
export function StateBadge({ state }: { state: BroadcastState | undefined }) {
  return (
    <span role="status" className={`state-badge state-badge--${state ?? "unknown"}`}>
      {state ? TEXTS[state] : "Connecting…"}
    </span>
  );
}
