import { expect, it } from "vitest";
import { positionAfter } from "./events.ts";
import { formatInboxMessage, type InboxMessage, parseInboxMessage } from "./inbox-message.ts";

it("a message to an inbox comes out as it went in, its items unread", () => {
  const message: InboxMessage = {
    header: { type: "events", to: [["session-one", 1, "7:3"]] },
    items: [JSON.stringify({ name: "of.tomorrow", data: "two\nlines" }), "{not even JSON"],
  };
  expect(parseInboxMessage(formatInboxMessage(message))).toEqual(message);
});

it.each(["", "{}", '{"type":"of tomorrow","to":[]}', '{"type":"events","to":[["session-one",1]]}'])(
  "%j is no header of one",
  (text) => {
    expect(() => parseInboxMessage(text)).toThrow(expect.objectContaining({ code: "internal" }));
  },
);

it("positions count up within an epoch", () => {
  expect([positionAfter("7:3", 0), positionAfter("7:3", 2)]).toEqual(["7:3", "7:5"]);
});
