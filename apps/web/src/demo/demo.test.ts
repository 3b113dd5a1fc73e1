import { describe, expect, it } from "vitest";
import { invitationOf } from "./invitation.ts";
import { refusalText } from "./refusal-text.ts";
import { readTicketAnswer } from "./request-ticket.ts";

const refusal = { error: { code: "grant_missing", message: "loopback only" } };

describe("readTicketAnswer", () => {
  it("reads a ticket", () => {
    const ticket = { ticket: "a.b.c", url: "ws://localhost:3000" };
    expect(readTicketAnswer(200, ticket)).toEqual({ state: "granted", ticket });
  });

  it.each([
    [403, refusal, "this_computer_only"],
    [409, refusal, "this_computer_only"],
    [400, refusal, "refused"],
    [404, null, "refused"],
    [502, null, "unreachable"],
    [200, { ticket: 7 }, "refused"],
  ])("reads HTTP %i with %j as %s", (status, body, state) => {
    expect(readTicketAnswer(status, body).state).toBe(state);
  });
});

describe("refusalText", () => {
  it("says which command lets other devices in", () => {
    expect(refusalText({ state: "this_computer_only", message: "loopback only" })).toMatch(
      /loopback only.*npm start -- --https --lan/,
    );
  });

  it("passes the server's own reason on", () => {
    expect(refusalText({ state: "refused", message: "room: too long" })).toContain("room: too long");
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
