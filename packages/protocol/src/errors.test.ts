import { describe, expect, it } from "vitest";
import {
  closeCode,
  ERRORS,
  ErrorBody,
  ErrorCode,
  errorCodeOfClose,
  FairleadError,
  httpStatus,
  toErrorBody,
} from "./errors.ts";

describe("the table of errors", () => {
  it("has a client or server error's HTTP status for each code", () => {
    for (const code of ErrorCode.options) {
      expect(httpStatus(code), code).toBeGreaterThanOrEqual(400);
      expect(httpStatus(code), code).toBeLessThanOrEqual(599);
    }
  });

  it("has close codes from 4400 on, which RFC 6455 leaves to applications, each for one code", () => {
    const codes = ErrorCode.options.filter((code) => closeCode(code) !== null);
    expect(new Set(codes.map(closeCode)).size).toBe(codes.length);
    for (const code of codes) {
      expect(closeCode(code), code).toBeGreaterThanOrEqual(4400);
      expect(closeCode(code), code).toBeLessThanOrEqual(4599);
      expect(errorCodeOfClose(closeCode(code) ?? 0)).toBe(code);
    }
    expect(errorCodeOfClose(1006)).toBeUndefined();
  });

  it("names codes in snake_case", () => {
    for (const code of Object.keys(ERRORS)) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });
});

describe("an error body", () => {
  it("carries a refusal, and of a bug nothing", () => {
    const refusal = new FairleadError("no_capacity", {
      retryAfterMs: 500,
      detail: { nodes: 0 },
      cause: "secret",
    });
    const body = { code: "no_capacity", message: "no capacity", retryAfterMs: 500, detail: { nodes: 0 } };
    expect(ErrorBody.parse(toErrorBody(refusal))).toEqual(body);
    expect(toErrorBody(new Error("secret"))).toEqual({ code: "internal", message: "internal error" });
  });
});
