import { describe, expect, it } from "vitest";
import { judgeRefusal } from "./judge-refusal.ts";

describe("judgeRefusal", () => {
  it.each([
    ["session_gone", "session", "rejoin"],
    ["session_expired", "session", "rejoin"],
    ["room_moved", "session", "rejoin"],
    ["room_moved", "first_join", "retry"],
    ["registry_cold", "first_join", "retry"],
    ["shutting_down", "session", "retry"],
    ["no_capacity", "first_join", "end"],
    ["core_full", "first_join", "end"],
    ["core_full", "rejoin", "retry"],
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
});
