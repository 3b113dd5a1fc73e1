import { FairleadError } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { isolate } from "../ui/isolate.ts";
import { bannerOf, newsOf } from "./banner-state.ts";
import { endText, explainRefusal } from "./end-text.ts";
import { initialsOf } from "./initials.ts";

describe("the banner", () => {
  it("is silent while all is well", () => {
    expect(bannerOf("connected", undefined)).toBeUndefined();
  });

  it("promises nothing of sound and picture while reconnecting, whatever happened before", () => {
    for (const news of ["moved", undefined] as const)
      expect(bannerOf("reconnecting", news)).toEqual({ tone: "warning", text: "Reconnecting…" });
  });

  it("says when the connection is back, and when the room moved", () => {
    expect(bannerOf("connected", "back_again")?.text).toContain("Connected again");
    expect(bannerOf("connected", "moved")?.text).toContain("moved to another server");
  });

  it("counts only a connection that was lost as back again", () => {
    expect(newsOf("reconnecting", "connected")).toBe("back_again");
    expect(newsOf("reconnecting", "connected", "back_again")).toBe("back_again");
    expect(newsOf("connecting", "connected")).toBeUndefined();
    expect(newsOf("connected", "reconnecting")).toBeUndefined();
  });
});

describe("the news that the room has moved", () => {
  it("explains the connection that is back, and stays", () => {
    expect(newsOf("reconnecting", "connected", "moved")).toBe("moved");
  });
});

describe("isolate", () => {
  it.each(["Ada Lovelace", "Zoë 2 (guest)", "Άδα", "Ада"])("leaves %s as it is", (name) => {
    expect(isolate(name)).toBe(name);
  });

  it.each([
    ["\u05e2\u05d3\u05d4", "\u2068\u05e2\u05d3\u05d4\u2069"],
    ["\u202eevil", "\u2068evil\u2069"],
    ["Ada\u2069\u2067", "\u2068Ada\u2069"],
  ])("keeps %j from turning what stands around it", (name, isolated) => {
    expect(isolate(name)).toBe(isolated);
  });
});

describe("the end of a meeting", () => {
  it("offers no way back to a person who was removed", () => {
    expect(endText("peer_removed", "").canJoinAgain).toBe(false);
  });

  it("offers it after a closed room, a replaced tab and any fault", () => {
    for (const code of ["room_closed", "session_replaced", "signaling_unreachable", "internal"] as const) {
      expect(endText(code, "gone").canJoinAgain).toBe(true);
    }
  });

  it("carries the server's words for faults it has none for", () => {
    expect(endText("internal", "worker died").advice).toContain("worker died");
    expect(endText("node_timeout", "").advice).toContain("node timeout");
  });
});

describe("a refused join", () => {
  it("is explained by its code, else by the server's words", () => {
    expect(explainRefusal(new FairleadError("room_full"))).toContain("full");
    expect(explainRefusal(new FairleadError("internal", { message: "no luck" }))).toContain("no luck");
    expect(explainRefusal(new TypeError("x is undefined"))).not.toContain("undefined");
  });
});

describe("initialsOf", () => {
  it.each([
    ["Ada Lovelace", "AL"],
    ["ada", "A"],
    ["Jean-Luc Marie Picard", "JP"],
    ["  ", "?"],
    ["👩‍🚀 Zoë", "👩‍🚀Z"],
    ["李 小龍", "李小"],
  ])("%s → %s", (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});
