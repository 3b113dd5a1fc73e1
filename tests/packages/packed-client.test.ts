import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmptyProject, installPacked, samplesIn, samplesOf } from "./empty-project.ts";

/**
 * The README says about how much a page loads; a dependency that doubles it should be a decision. Of it the SDK's own code is a fifth,
 * and a feature there takes some 200 bytes.
 * `import { z } from "zod"` is such one: only `import * as z` lets bundlers drop zod's locales (150 KB instead of 84).
 */
const GZIPPED_LIMIT_BYTES = 107_000;

let project: EmptyProject;
beforeAll(async () => {
  project = await installPacked("protocol", "client");
});
afterAll(() => project.remove());

/** The names that the README's samples take from their surroundings. */
const SURROUNDINGS = `
declare const url: string, ticket: string, deviceId: string, button: HTMLElement;
declare function useEffect(effect: () => () => void, dependencies: unknown[]): void;
declare const setRoom: (room: Room) => void, setError: (error: unknown) => void;
import { type Room } from "@fairlead/client";
`;

describe("the client, from its tarball", () => {
  it("has samples in its README and the product's that a strict page compiles with", async () => {
    const samples = await samplesOf(project, "client");
    expect(samples).toHaveLength(3);
    const [imports = "", ...rest] = samples;
    const productReadme = await readFile(join(import.meta.dirname, "../../README.md"), "utf8");
    const [first = ""] = samplesIn(productReadme);
    expect(first).toContain("joinRoom");
    await project.write("product.ts", `declare const button: HTMLElement;\n${first}`);
    await project.write("readme.ts", `import "./product.js";\n${SURROUNDINGS}${imports}${rest.join("")}`);
    await project.typeCheck("readme.ts");
  });

  it("can be imported by a server that renders pages, where WebRTC is not supported", async () => {
    const text = `import { isSupported, joinRoom } from "@fairlead/client";
const code = await joinRoom({ url: "https://meet.example", ticket: "t" }).catch((error) => error.code);
console.log(isSupported(), code);`;
    await project.write("server.js", text);
    expect((await project.node("server.js")).trim()).toBe("false webrtc_unsupported");
  });

  it("says what it is, has source maps, and asks no browser for a version of Node", async () => {
    const folder = join(project.folder, "node_modules/@fairlead/client");
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    expect(manifest.description).toMatch(/browser SDK/);
    expect(manifest.engines).toBeUndefined();
    const map = JSON.parse(await readFile(join(folder, "dist/join-room.js.map"), "utf8"));
    expect(map.sourcesContent.join("")).toContain("export async function joinRoom");
  });

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
