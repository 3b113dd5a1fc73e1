import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmptyProject, installPacked } from "./empty-project.ts";

/** The README says about how much a page loads; a dependency that doubles it should be a decision.
 * `import { z } from "zod"` is such one: only `import * as z` lets bundlers drop zod's locales (150 KB instead of 84). */
const GZIPPED_LIMIT_BYTES = 100_000;

let project: EmptyProject;
beforeAll(async () => {
  project = await installPacked("protocol", "client");
});
afterAll(() => project.remove());

describe("the client, from its tarball", () => {
  it("bundles for browsers, without anything of Node", async () => {
    await project.write(
      "page.js",
      `import { joinRoom } from "@fairlead/client"; globalThis.joinRoom = joinRoom;`,
    );
    const outfile = join(project.folder, "page.bundle.js");
    const { metafile } = await build({
      entryPoints: [join(project.folder, "page.js")],
      outfile,
      bundle: true,
      minify: true,
      platform: "browser",
      format: "esm",
      metafile: true,
      logLevel: "silent",
    });
    const bundle = await readFile(outfile);
    const gzippedBytes = gzipSync(bundle).length;
    console.log(`client bundle: ${bundle.length} bytes minified, ${gzippedBytes} gzipped`);
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    expect(imports).toEqual([]);
    expect(bundle.toString()).not.toMatch(/["'`]node:/);
    expect(gzippedBytes).toBeLessThan(GZIPPED_LIMIT_BYTES);
  });

  it("has declarations that a strict page compiles with", async () => {
    const page = `
import { joinRoom, type Room } from "@fairlead/client";

export async function enter(ticket: string): Promise<Room> {
  const room = await joinRoom({ url: "wss://meet.example", ticket });
  const off: () => void = room.on("room.ended", () => {});
  off();
  await room.publishMicrophone();
  return room;
}
`;
    await project.write("page.ts", page);
    await project.typeCheck("page.ts");
  });
});
