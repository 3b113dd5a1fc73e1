import type { Grants } from "@fairlead/protocol";

/** The grants of a ticket of which a test says nothing else. */
export const EVERYTHING: Grants = {
  publish: ["microphone", "camera", "screen", "screen_audio"],
  subscribe: true,
  data: true,
  moderate: true,
  moderateModerators: true,
};
