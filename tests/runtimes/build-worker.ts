import { join } from "node:path";
import { build, type Metafile } from "esbuild";

const ENTRY = join(import.meta.dirname, "../../apps/signaling/src/worker.ts");

export type WorkerBundle = { text: string; metafile: Metafile };

/** The Worker as wrangler bundles it: one module, minified. */
export async function buildWorker(): Promise<WorkerBundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [ENTRY],
    outfile: "worker.js",
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    minify: true,
    write: false,
    metafile: true,
    logLevel: "error",
  });
  return { text: outputFiles[0]?.text ?? "", metafile };
}
