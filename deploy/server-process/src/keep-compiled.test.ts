import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("what a process compiles is kept in the checkout, where nobody else writes", () => {
  const file = JSON.stringify(join(import.meta.dirname, "keep-compiled.ts"));
  const script = `const { keepCompiled } = await import(${file});
    keepCompiled();
    console.log((await import("node:module")).getCompileCacheDir());`;
  const flags = ["--experimental-strip-types", "--input-type=module"];
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const folder = execFileSync(process.execPath, [...flags, "-e", script], { env, encoding: "utf8" });
  expect(folder).toContain(join(import.meta.dirname, "../../../node_modules/.cache/compiled"));
});
