import { describe, expect, it } from "vitest";
import { environmentProblem, type MediaProblem, mediaProblemOf } from "./media-problem.ts";
import { HTTPS_COMMAND, problemText } from "./problem-text.ts";

describe("media problems", () => {
  it.each([
    ["NotAllowedError", "denied"],
    ["NotFoundError", "missing"],
    ["OverconstrainedError", "missing"],
    ["NotReadableError", "busy"],
    ["SomethingNewError", "unknown"],
  ])("%s means %s", (name, problem) => {
    expect(mediaProblemOf(new DOMException("", name))).toBe(problem);
  });

  it("are unknown for a value that is no error", () => {
    expect(mediaProblemOf("NotAllowedError")).toBe("unknown");
  });

  it("start with the page's origin, then the browser", () => {
    expect(environmentProblem({ isSecureContext: false, hasMediaDevices: false })).toBe("insecure");
    expect(environmentProblem({ isSecureContext: true, hasMediaDevices: false })).toBe("unsupported");
    expect(environmentProblem({ isSecureContext: true, hasMediaDevices: true })).toBeUndefined();
  });
});

describe("problem texts", () => {
  it("name the command that gives HTTPS, and the parts that work without it", () => {
    const { advice } = problemText("insecure", ["camera"]);
    expect(advice).toContain(HTTPS_COMMAND);
    expect(advice).toContain("watch, listen and chat");
  });

  it("speak of one device or of both", () => {
    expect(problemText("denied", ["camera"]).title).toBe("Permission for the camera was denied");
    expect(problemText("busy", ["camera", "microphone"]).title).toContain("camera and microphone are in use");
  });

  it.each<MediaProblem>(["denied", "missing", "busy", "unsupported", "unknown"])(
    "say for %s that joining is possible all the same",
    (problem) => {
      expect(problemText(problem, ["microphone"]).advice).toContain(
        "Even so, you can watch, listen and chat",
      );
    },
  );
});
