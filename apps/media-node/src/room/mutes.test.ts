import { describe, expect, it } from "vitest";
import { Mutes } from "./mutes.ts";

describe("mutes", () => {
  it("begin with those of the room record", () => {
    const mutes = new Mutes([{ identity: "ann", source: "microphone" }]);
    expect(mutes.has("ann", "microphone")).toBe(true);
    expect(mutes.has("ann", "camera")).toBe(false);
    expect(mutes.has("bob", "microphone")).toBe(false);
  });

  it("are set and lifted per source", () => {
    const mutes = new Mutes([]);
    mutes.set("ann", "microphone", true);
    mutes.set("ann", "camera", true);
    mutes.set("ann", "camera", true);
    expect(mutes.sourcesOf("ann")).toEqual(["microphone", "camera"]);
    expect(mutes.all()).toEqual([
      { identity: "ann", source: "microphone" },
      { identity: "ann", source: "camera" },
    ]);
    mutes.set("ann", "microphone", false);
    expect(mutes.sourcesOf("ann")).toEqual(["camera"]);
    mutes.set("ann", "camera", false);
    mutes.set("bob", "camera", false);
    expect(mutes.sourcesOf("ann")).toEqual([]);
    expect(mutes.sourcesOf("bob")).toEqual([]);
  });

  it("of before are learned late, but for what was said since", () => {
    const mutes = new Mutes([{ identity: "cleo", source: "camera" }]);
    mutes.set("ann", "camera", false);
    mutes.learn([
      { identity: "ann", source: "camera" },
      { identity: "bob", source: "camera" },
    ]);
    expect(mutes.all().map(({ identity }) => identity)).toEqual(["cleo", "bob"]);
  });
});
