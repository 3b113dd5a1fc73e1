import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import type { PeerTransports } from "../media/transports.ts";
import { DataSender } from "./data-sender.ts";

function makeProducer(id: string) {
  const observer = new EventEmitter();
  const producer = { id, observer, closed: false, readyState: "open", send: () => {} };
  return Object.assign(producer, {
    close: () => {
      producer.closed = true;
      observer.emit("close");
    },
  });
}

/** Opens one producer for each label, at once but for `slow`, which never opens. */
function makeSender() {
  const opened: ReturnType<typeof makeProducer>[] = [];
  const produceData = ({ label }: { label: string }) => {
    if (label === "slow") return new Promise(() => {});
    const producer = makeProducer(`${label}-${opened.length}`);
    opened.push(producer);
    return Promise.resolve(producer);
  };
  return { opened, sender: new DataSender({ produceData } as unknown as PeerTransports, false) };
}

it("a thousand messages leave one listener on their channel", async () => {
  const { opened, sender } = makeSender();
  for (let sent = 0; sent < 1_000; sent += 1) await sender.send("x", {});
  expect(opened.map(({ observer }) => observer.listenerCount("close"))).toEqual([1]);
});

it("a channel that the node closed is left at once, though another one is still opening", async () => {
  const { opened, sender } = makeSender();
  await sender.send("x", {});
  void sender.send("x", { label: "slow" });
  sender.handleClosed("data-0");
  await new Promise((resolve) => setTimeout(resolve));
  expect(opened[0]?.closed).toBe(true);
  await sender.send("x", {});
  expect(opened).toHaveLength(2);
});
