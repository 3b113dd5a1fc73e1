import { describe, expect, it } from "vitest";
import { isPassing, judgeRefusal } from "./judge-refusal.ts";

describe("judgeRefusal", () => {
  it.each([
    ["session_gone", "session", "rejoin"],
    ["session_expired", "session", "rejoin"],
    ["room_moved", "session", "rejoin"],
    ["room_moved", "first_join", "retry"],
    ["registry_cold", "first_join", "retry_briefly"],
    ["bus_disconnected", "first_join", "retry_briefly"],
    ["node_draining", "first_join", "retry_briefly"],
    ["shutting_down", "session", "retry"],
    ["no_capacity", "first_join", "end"],
    ["core_full", "first_join", "end"],
    ["core_full", "rejoin", "retry"],
    ["rate_limited", "first_join", "retry"],
    ["rate_limited", "rejoin", "retry"],
    ["no_capacity", "rejoin", "retry"],
    ["ticket_expired", "rejoin", "end"],
    ["banned", "rejoin", "end"],
    ["peer_removed", "session", "end"],
    ["session_replaced", "session", "end"],
    ["duplicate_identity", "first_join", "end"],
    ["capabilities_mismatch", "rejoin", "reload_capabilities"],
  ] as const)("%s at %s: %s", (code, situation, verdict) => {
    expect(judgeRefusal(code, situation)).toBe(verdict);
  });

  it.each([
    ...(["node_unreachable", "node_timeout", "node_draining", "no_capacity", "core_full"] as const),
    ...(["registry_cold", "registry_unreachable", "lease_lost", "bus_disconnected"] as const),
  ])("%s ends no meeting: who was in tries again, soon", (code) => {
    expect(judgeRefusal(code, "rejoin")).toBe("retry");
    expect(isPassing(code)).toBe(true);
  });

  it("bus_disconnected keeps the session, to be resumed", () => {
    expect(judgeRefusal("bus_disconnected", "session")).toBe("retry");
  });
});
