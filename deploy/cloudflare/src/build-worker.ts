import { join } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

const ZOD = "zod";
const ROOT = join(import.meta.dirname, "../../..");

export type WorkerBundle = { text: string; metafile: Metafile };

/** The Worker as one minified module, in which nothing needs Node. */
export async function buildWorker(): Promise<WorkerBundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["apps/signaling/src/worker.ts"],
    outfile: "worker.js",
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    minify: true,
    legalComments: "none",
    plugins: [leanZod],
    write: false,
    metafile: true,
    logLevel: "error",
  });
  return { text: outputFiles[0]?.text ?? "", metafile };
}

/**
 * `@hono/zod-openapi` takes the whole namespace of zod as a value, of which it uses one class: with that alone nothing keeps the
 * bundler from leaving out what nobody uses, above all the languages of zod's messages, 340 KB.
 */
const leanZod: Plugin = {
  name: "lean-zod",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^zod$/ }, ({ importer, resolveDir }) =>
      importer.includes("/@hono/zod-openapi/")
        ? { path: ZOD, namespace: "lean-zod", pluginData: { resolveDir } }
        : undefined,
    );
    onLoad({ filter: /^zod$/, namespace: "lean-zod" }, ({ pluginData }) => ({
      contents: `import { ZodType } from ${JSON.stringify(ZOD)}; export const z = { ZodType };`,
      resolveDir: pluginData.resolveDir,
    }));
  },
};
