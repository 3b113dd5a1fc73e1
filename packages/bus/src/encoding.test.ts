import { describe, expect, it } from "vitest";
import { decodeText, encodeJson } from "./encoding.ts";

describe("encoding", () => {
  it("writes JSON as UTF-8 and reads it back", () => {
    const value = { name: "Zoë 🚢", list: [1, null] };
    const data = encodeJson(value);
    expect(data).toBeInstanceOf(Uint8Array);
    expect(JSON.parse(decodeText(data))).toEqual(value);
  });
});
