import { describe, expect, it } from "vitest";
import { readAnswer } from "./ask-demo.ts";
import { invitationOf } from "./invitation.ts";
import { refusalText } from "./refusal-text.ts";
import { Ticket } from "./request-ticket.ts";
import { viewerLinkOf } from "./viewer-link.ts";

const refusal = { error: { code: "grant_missing", message: "loopback only" } };

describe("readAnswer", () => {
  it("reads a ticket", () => {
    const ticket = { ticket: "a.b.c", url: "ws://localhost:3000" };
    expect(readAnswer(Ticket, 200, ticket)).toEqual({ state: "granted", value: ticket });
  });

  it.each([
    [403, refusal, "this_computer_only"],
    [409, refusal, "refused"],
    [400, refusal, "refused"],
    [404, null, "refused"],
    [502, null, "unreachable"],
    [200, { ticket: 7 }, "refused"],
  ])("reads HTTP %i with %j as %s", (status, body, state) => {
    expect(readAnswer(Ticket, status, body).state).toBe(state);
  });
});

describe("refusalText", () => {
  it("says which command lets other devices in", () => {
    expect(refusalText({ state: "this_computer_only", message: "loopback only" })).toMatch(
      /loopback only.*npm start -- --https --lan/,
    );
  });

  it("passes the server's own reason on", () => {
    expect(refusalText({ state: "refused", code: "invalid_request", message: "room: too long" })).toContain(
      "room: too long",
    );
  });
});

describe("invitationOf", () => {
  const lan = { https: true, lan: true, lanUrls: ["https://192.168.1.7:3000"] };

  it("is the page's own address where others can open that", () => {
    expect(invitationOf("https://meet.example/?room=old&x=1", "new", undefined)).toEqual({
      url: "https://meet.example/?room=new",
      reach: "anyone_with_access",
    });
  });

  it("is the server's address in the LAN when the page was opened as localhost", () => {
    expect(invitationOf("http://localhost:3000/", "r", lan)).toEqual({
      url: "https://192.168.1.7:3000/?room=r",
      reach: "anyone_with_access",
    });
  });

  it("says that a localhost link reaches this computer only", () => {
    const info = { https: false, lan: false, lanUrls: ["http://192.168.1.7:3000"] };
    expect(invitationOf("http://127.0.0.1:3000/", "r", info).reach).toBe("this_computer");
  });
});

describe("viewerLinkOf", () => {
  const lan = { https: true, lan: true, lanUrls: ["https://192.168.1.7:3000"] };

  it("is the watch page of the address that others can open, with the pass of a private broadcast", () => {
    expect(
      viewerLinkOf("http://localhost:3000/studio#show.secret", { broadcastId: "show", pass: "p" }, lan),
    ).toEqual({
      url: "https://192.168.1.7:3000/watch/show#p",
      reach: "anyone_with_access",
    });
  });

  it("carries nothing of the studio's own secret, nor a pass where none is needed", () => {
    const { url } = viewerLinkOf(
      "https://a.example/studio#show.secret",
      { broadcastId: "show", pass: null },
      undefined,
    );
    expect(url).toBe("https://a.example/watch/show");
  });
});
