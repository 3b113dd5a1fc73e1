import { execFile, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { createMemoryBus } from "@fairlead/bus/memory";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { API_KEY, setUpHttp } from "@fairlead/signaling/testing";
import { verifyTicket } from "@fairlead/tickets";
import { getRequestListener } from "@hono/node-server";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bunProgram } from "../runtimes/start-bun.ts";
import { denoProgram } from "../runtimes/start-deno.ts";
import { workerdProgram } from "../runtimes/start-workerd.ts";
import { freePort } from "../support/servers/free-port.ts";
import { type EmptyProject, installPacked, samplesOf } from "./empty-project.ts";

const run = promisify(execFile);

let project: EmptyProject;
beforeAll(async () => {
  project = await installPacked("protocol", "api-client");
});
afterAll(() => project.remove());

/** The signaling app behind a port, with rooms `a` to `c`. */
async function serveSignaling() {
  const registry = createMemoryRegistry({ now: () => 1_800_000_000_000 });
  const { signaling, ticketKeys, place } = await setUpHttp(createMemoryBus(), registry);
  for (const room of ["a", "b", "c"]) await place(room);
  const server = createServer(getRequestListener(signaling.app.fetch) as RequestListener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const expectActed = async (text: string) => {
    const { ticket, ...rest } = JSON.parse(text);
    expect(rest).toEqual({ rooms: ["a", "b", "c"], refusal: "room_not_found" });
    expect((await verifyTicket(ticketKeys, ticket, { room: "a" })).sub).toBe("ann");
  };
  return { url, registry, expectActed, [Symbol.asyncDispose]: async () => void server.close() };
}

/** A module with a function `act`, whose answer `expectActed` expects. */
function backEndOf(url: string): string {
  return `import { createApiClient, FairleadError } from "@fairlead/api-client";
const api = createApiClient(${JSON.stringify({ url, apiKey: API_KEY })});
const act = async () => {
  const { ticket } = await api.tickets.issue("a", { identity: "ann" });
  const rooms = [];
  for await (const { roomId } of api.rooms.list({ limit: 2 })) rooms.push(roomId);
  const refusal = await api.rooms.read("none").catch((error) => error instanceof FairleadError && error.code);
  return JSON.stringify({ ticket, rooms, refusal });
};
`;
}

const WORKERD_CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "back-end", worker = .backEnd),
    (name = "network", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:PORT", http = (), service = "back-end")],
);
const backEnd :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.bundle.js")],
  compatibilityDate = "2026-07-30",
  globalOutbound = "network",
);
`;

describe("the API's client, from its tarball", () => {
  it.each([
    ["Node", [process.execPath, "--no-experimental-strip-types"]],
    ["Bun", [bunProgram(), "run"]],
    ["Deno", [denoProgram(), "run", "--no-lock", "--no-prompt", "--allow-net"]],
  ])("issues tickets, lists rooms and is refused, in plain JavaScript on %s", async (_runtime, command) => {
    await using signaling = await serveSignaling();
    await project.write("back-end.js", `${backEndOf(signaling.url)}console.log(await act());`);
    const [program = "", ...flags] = command;
    const { stdout } = await run(program, [...flags, "back-end.js"], { cwd: project.folder });
    await signaling.expectActed(stdout);
  });

  it("does the same on workerd", async () => {
    await using signaling = await serveSignaling();
    await project.write(
      "worker.js",
      `${backEndOf(signaling.url)}export default { fetch: async () => new Response(await act()) };`,
    );
    const entryPoints = [join(project.folder, "worker.js")];
    const outfile = join(project.folder, "worker.bundle.js");
    await build({ entryPoints, outfile, bundle: true, format: "esm", logLevel: "silent" });
    const port = await freePort();
    await project.write("config.capnp", WORKERD_CONFIG.replace("PORT", `${port}`));
    const workerd = spawn(workerdProgram(), ["serve", "config.capnp"], {
      cwd: project.folder,
      stdio: "inherit",
    });
    try {
      const answer = await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/`), { timeout: 10_000 });
      await signaling.expectActed(await answer.text());
    } finally {
      workerd.kill("SIGKILL");
    }
  });

  it("does what the ten lines of the README say", async () => {
    await using signaling = await serveSignaling();
    const lines = await linesOfReadme();
    expect(lines.trim().split("\n").length).toBeLessThanOrEqual(10);
    await project.write("readme.mjs", lines.replace('"https://signaling.example.org"', `"${signaling.url}"`));
    await project.shell(`FAIRLEAD_API_KEY=${API_KEY} "${process.execPath}" readme.mjs`);
    expect((await signaling.registry.describeRoom("standup"))?.options).toMatchObject({ maxPeers: 20 });
  });

  it("has a sample in its README that compiles under strict", async () => {
    const [sample = ""] = await samplesOf(project, "api-client");
    // As @types/node has it.
    const surroundings = "declare const process: { env: Record<string, string | undefined> };\n";
    await project.write("readme.ts", surroundings + sample);
    await project.typeCheck("readme.ts");
  });

  it("has declarations that hold without skipLibCheck, and refuse what the API would", async () => {
    const consumer = `
import { createApiClient, FairleadError, type ErrorCode, type NodeStatus } from "@fairlead/api-client";

const api = createApiClient({ url: "https://signaling.example.org", apiKey: "key" });
export const busiest = async (): Promise<NodeStatus[]> => {
  const busy: NodeStatus[] = [];
  for await (const node of api.nodes.list()) if (node.cores.some(({ load }) => load > 0.8)) busy.push(node);
  return busy;
};
export const epochOf = async (room: string): Promise<number | undefined> => (await api.rooms.read(room)).placement?.epoch;
export const mute = (): Promise<void> => api.peers.mute("standup", "peer-1", { source: "camera" });
export const codeOf = (error: unknown): ErrorCode | null => (error instanceof FairleadError ? error.code : null);
`;
    await project.write("consumer.ts", consumer);
    await project.typeCheck("consumer.ts");
    await project.write("wrong.ts", consumer.replace('source: "camera"', 'source: "tv"'));
    await expect(project.typeCheck("wrong.ts")).rejects.toThrow("does not type-check");
  });
});

/** The root README's block of code that uses the client. */
async function linesOfReadme(): Promise<string> {
  const readme = await readFile(join(import.meta.dirname, "../../README.md"), "utf8");
  const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  return blocks.find((block) => block.includes("@fairlead/api-client")) ?? expect.fail("no such block");
}
