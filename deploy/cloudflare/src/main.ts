import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildWorker } from "./build-worker.ts";

/** `wrangler deploy` runs this first. */
const FOLDER = join(import.meta.dirname, "../dist");
const { text } = await buildWorker();
mkdirSync(FOLDER, { recursive: true });
writeFileSync(join(FOLDER, "worker.js"), text);
const kb = (bytes: number) => `${(bytes / 1_024).toFixed(0)} KB`;
console.log(`worker.js: ${kb(Buffer.byteLength(text))}, gzipped ${kb(gzipSync(text).length)}`);
