import { describe, expect, it } from "vitest";
import { buildWorker } from "./build-worker.ts";

/** It has 654 KB, and 197 gzipped, HLS and plain RTP included: what grows it by more than a few features should be a decision. */
const MOST_BYTES = 680 * 1_024;

describe("the Worker's bundle", async () => {
  const { text, metafile } = await buildWorker();

  it("imports nothing: no runtime's own modules, Node's least of all", () => {
    expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  });

  it("exports the front, and the class that wrangler.jsonc names", () => {
    const [output] = Object.values(metafile.outputs);
    expect(output?.exports.toSorted()).toEqual(["SignalingShard", "default"]);
  });

  it("leaves out the languages of zod's messages and what only other runtimes use", () => {
    const inputs = Object.keys(metafile.inputs).filter((path) => isUsed(path));
    expect(inputs.filter((path) => /zod\/.*\/locales\/(?!en\.js|index\.js)/.test(path))).toEqual([]);
    expect(inputs.filter((path) => /\/(pino|ws|@redis|transport-node|node-server)\//.test(path))).toEqual([]);
  });

  it(`is no larger than ${MOST_BYTES} bytes`, () => {
    expect(new TextEncoder().encode(text).length).toBeLessThan(MOST_BYTES);
  });

  function isUsed(path: string): boolean {
    return Object.values(metafile.outputs).some(({ inputs }) => (inputs[path]?.bytesInOutput ?? 0) > 0);
  }
});
