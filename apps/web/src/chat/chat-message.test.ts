import { describe, expect, it } from "vitest";
import { CHAT_TEXT_LIMIT, decodeChat, encodeChat } from "./chat-message.ts";

describe("chat messages", () => {
  it("arrive as they were written, without the blanks around them", () => {
    const text = " <b>hello</b>\nline two 👋 ";
    expect(decodeChat(encodeChat(text) ?? "")).toBe("<b>hello</b>\nline two 👋");
  });

  it.each(["", "   ", "x".repeat(CHAT_TEXT_LIMIT + 1)])("that are empty or too long are not sent", (text) => {
    expect(encodeChat(text)).toBeUndefined();
  });

  it.each([
    "not json",
    "null",
    "[]",
    '{"type":"chat"}',
    '{"type":"chat","text":7}',
    '{"type":"chat","text":" "}',
    '{"type":"other","text":"hi"}',
    JSON.stringify({ type: "chat", text: "x".repeat(CHAT_TEXT_LIMIT + 1) }),
    new Uint8Array([123, 125]),
  ])("that other clients made up are ignored: %s", (data) => {
    expect(decodeChat(data)).toBeUndefined();
  });
});
