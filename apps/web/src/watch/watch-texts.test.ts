import { describe, expect, it } from "vitest";
import { qualityChoices } from "./quality-choices.ts";
import { connectionText, posterOf, watchEndOf, watchStateOf } from "./watch-state.ts";

describe("a viewer's page", () => {
  it.each([
    [null, false, "connecting"],
    [{ state: "created" }, false, "waiting"],
    [{ state: "created" }, true, "waiting"],
    [{ state: "live" }, false, "starting"],
    [{ state: "live" }, true, "live"],
    [{ state: "interrupted" }, true, "interrupted"],
    [{ state: "ended" }, true, "interrupted"],
  ] as const)("with the broadcast %j and media %s is %s", (broadcast, hasMedia, state) => {
    expect(watchStateOf(broadcast, { hasMedia })).toBe(state);
  });

  it("says that its browser can't show the picture, while there is one", () => {
    const unplayable = { hasMedia: true, isUnplayable: true };
    expect(watchStateOf({ state: "live" }, unplayable)).toBe("unplayable");
    expect(watchStateOf({ state: "interrupted" }, unplayable)).toBe("interrupted");
    expect(posterOf("unplayable", null)?.advice).toContain("OpenH264");
  });

  it("shows the picture alone while live, and says when a broadcast starts that has a time", () => {
    expect(posterOf("live", null)).toBeUndefined();
    expect(posterOf("waiting", null)?.title).toBe("The broadcast has not started");
    expect(posterOf("waiting", Date.UTC(2030, 0, 2, 12))?.title).toMatch(/^The broadcast starts on .*2030/);
    expect(posterOf("interrupted", 5)?.title).toBe("The broadcaster will be right back");
  });

  it("says that it reconnects, and nothing else of its connection", () => {
    expect(connectionText("reconnecting")).toBe("Reconnecting…");
    expect(connectionText("connected")).toBe("");
  });
});

describe("the end of watching", () => {
  it("offers another try where that may help", () => {
    for (const code of ["broadcast_ended", "broadcast_not_found", "ticket_invalid", "hook_refused"] as const)
      expect(watchEndOf(code, "").canTryAgain).toBe(false);
    for (const code of ["viewer_limit", "no_capacity", "node_timeout"] as const)
      expect(watchEndOf(code, "").canTryAgain).toBe(true);
  });

  it("carries the server's words where the page has none that are better", () => {
    expect(watchEndOf("internal", "worker died").advice).toContain("worker died");
    expect(watchEndOf("node_timeout", "").advice).toContain("node timeout");
  });
});

describe("qualityChoices", () => {
  it.each([
    [3, ["Auto 2", "Medium 1", "Low 0"]],
    [2, ["Auto 1", "Low 0"]],
    [1, ["Auto 0"]],
  ])("of %i sizes", (layers, choices) => {
    expect(qualityChoices(layers).map(({ label, spatialLayer }) => `${label} ${spatialLayer}`)).toEqual(
      choices,
    );
  });
});
