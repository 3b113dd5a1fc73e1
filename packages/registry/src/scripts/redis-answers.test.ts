import { describe, expect, it } from "vitest";
import { isFromWrongServer, reasonOf } from "./redis-answers.ts";

const withCode = (code: string) => Object.assign(new Error("connect 10.0.0.1:6379"), { code });

describe("the reason why Redis did not answer", () => {
  it.each([
    [
      new Error("READONLY You can't write against a read only replica. script: 0a1b, on @user_script:1."),
      "READONLY",
    ],
    [
      new Error("Redis is away", { cause: new Error("WRONGPASS invalid username-password pair") }),
      "WRONGPASS",
    ],
    [new Error("Redis is away", { cause: withCode("ECONNREFUSED") }), "ECONNREFUSED"],
    [new TypeError("fetch failed", { cause: withCode("ENOTFOUND") }), "ENOTFOUND"],
    [new Error("no answer within 250 ms"), "no answer within 250 ms"],
    [new Error("redis://user:secret@10.0.0.1 is odd"), "no connection"],
    [null, "no connection"],
  ])("of %s is %s: no address, and no data", (error, reason) => {
    expect(reasonOf(error)).toBe(reason);
  });
});

it.each(["READONLY", "MASTERDOWN", "LOADING", "NOREPLICAS"])("%s speaks against the server", (code) => {
  expect(isFromWrongServer(new Error(`${code} whatever it says besides`))).toBe(true);
});

it.each(["ERR", "OOM", "NOPERM", "NOSCRIPT", "BUSY"])(
  "%s does not: another server would say the same",
  (code) => {
    expect(isFromWrongServer(new Error(`${code} READONLY`))).toBe(false);
  },
);
