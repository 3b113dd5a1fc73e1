import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProtocolClient } from "../support/protocol-client.ts";
import { type Backend, startBackend } from "./backend.ts";
import { startWorkerd, workerdRuntime } from "./start-workerd.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend({ name: "workerd-shards", cores: 1 });
});
afterAll(() => backend.close());

describe("signaling on workerd", () => {
  it("joins", async () => {
    const { url, ...process } = await startWorkerd(backend.settings(workerdRuntime), "workerd-shards/joins");
    const room = backend.newRoom();
    const client = await ProtocolClient.join(url, { ticket: await backend.ticket({ room }) });
    expect(client.joined.roomId).toBe(room);
    await client.leave();
    await process.close();
  });
});
