import { encodeText } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { formatInboxMessage, type InboxMessage, ServerFrame, subjects } from "@fairlead/protocol";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { frameText } from "./frame-text.ts";
import { Inbox } from "./inbox.ts";

function openInbox() {
  const bus = createMemoryBus();
  const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);
  const inbox = new Inbox({ bus, log: silentLogger, random });
  const heard: unknown[] = [];
  const listener = (name: string) => ({
    hearEvents: (...told: unknown[]) => void heard.push([name, ...told]),
    hearTransient: (...told: unknown[]) => void heard.push([name, ...told]),
  });
  const send = async (message: InboxMessage) => {
    bus.publish(subjects.inbox(inbox.id), encodeText(formatInboxMessage(message)));
    await null;
  };
  return { inbox, heard, listener, send };
}

const EVENTS = ['{"name":"unread"}'];

it("a process hears what comes for its sessions, and nothing for those that have left", async () => {
  const { inbox, heard, listener, send } = openInbox();
  const [older, newer, other] = [listener("older"), listener("newer"), listener("other")];
  for (const link of [older, newer]) inbox.add("session-1", link);
  inbox.add("session-2", other);
  const to: [string, number, string][] = [
    ["session-1", 1, "7:1"],
    ["session-2", 4, "7:9"],
    ["session-3", 1, "7:1"],
  ];
  await send({ header: { type: "events", to }, items: EVENTS });
  expect(heard.splice(0)).toEqual([
    ["older", 1, "7:1", EVENTS],
    ["newer", 1, "7:1", EVENTS],
    ["other", 4, "7:9", EVENTS],
  ]);
  inbox.delete("session-1", older);
  inbox.delete("session-2", other);
  await send({
    header: {
      type: "transient",
      to: [
        ["session-1", 1],
        ["session-2", 4],
      ],
    },
    items: ["{}"],
  });
  expect(heard.splice(0)).toEqual([["newer", 1, "{}"]]);
  inbox.delete("session-1", newer);
  await send({ header: { type: "events", to }, items: EVENTS });
  expect(heard).toEqual([]);
});

it("an event that came as JSON is a frame like any other", () => {
  const event = { name: "peer.left", data: { peerId: "peer-1", reason: "left" } };
  const text = frameText({ type: "event", position: "7:1", json: JSON.stringify(event) });
  expect(ServerFrame.parse(JSON.parse(text))).toEqual({ type: "event", position: "7:1", event });
  const several = frameText({
    type: "events",
    position: "7:1",
    items: [JSON.stringify(event), JSON.stringify(event)],
  });
  expect(ServerFrame.parse(JSON.parse(several))).toEqual({
    type: "events",
    position: "7:1",
    events: [event, event],
  });
  const transient = { name: "audio.levels", data: { levels: [] } };
  const levels = frameText({ type: "transient", json: JSON.stringify(transient) });
  expect(ServerFrame.parse(JSON.parse(levels))).toEqual({ type: "transient", transient });
});
