import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/**
 * Builds what others install from npm to JS and d.ts, and packs it: Node runs no TypeScript under node_modules.
 *
 * `npm run pack -- [folder = ./artifacts] [package…]`
 */
const PACKABLE = ["protocol", "tickets", "client", "api-client"];
/** A browser has no version of Node. */
const BROWSER_SAFE = ["@fairlead/client", "@fairlead/protocol"];
const PACKAGES = import.meta.dirname;
const ROOT = resolve(PACKAGES, "..");
/** Not for those who install the package. */
const NOT_PACKED = ["**/*.test.ts", "**/testing/**"];

type Manifest = {
  name: string;
  version: string;
  license: string;
  description: string;
  dependencies?: Record<string, string>;
};

function main([folder = join(ROOT, "artifacts"), ...names]: string[]): void {
  const chosen = names.length > 0 ? names : PACKABLE;
  const unknown = chosen.filter((name) => !PACKABLE.includes(name));
  if (unknown.length > 0) throw new Error(`no such package: ${unknown}; there are ${PACKABLE}`);
  const destination = resolve(folder);
  const staging = mkdtempSync(join(tmpdir(), "fairlead-pack-"));
  try {
    mkdirSync(destination, { recursive: true });
    compile(chosen, staging);
    for (const name of chosen) console.log(join(destination, packStaged(name, staging, destination)));
  } finally {
    rmSync(staging, { recursive: true });
  }
}

/**
 * One compilation for all, so that they see each other's sources. It has no Node types: a `node:` import fails here.
 * @throws With the compiler's own words on its standard output.
 */
function compile(names: string[], staging: string): void {
  const config = join(staging, "tsconfig.json");
  // Relative patterns would be taken from the staging folder.
  const absolute = (pattern: string) => join(PACKAGES, pattern);
  const settings = {
    extends: absolute("tsconfig.pack.json"),
    compilerOptions: { rootDir: PACKAGES, outDir: join(staging, "built") },
    include: [...new Set(["protocol", ...names])].map((name) => absolute(`${name}/src`)),
    exclude: NOT_PACKED.map(absolute),
  };
  writeFileSync(config, JSON.stringify(settings));
  execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", config], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

/** @returns The tarball's file name. */
function packStaged(name: string, staging: string, destination: string): string {
  const folder = join(staging, "built", name);
  const source = join(PACKAGES, name);
  renameSync(join(folder, "src"), join(folder, "dist"));
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Manifest;
  writeFileSync(join(folder, "package.json"), JSON.stringify(publicManifest(manifest), null, 2));
  copyFileSync(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
  if (existsSync(join(source, "README.md")))
    copyFileSync(join(source, "README.md"), join(folder, "README.md"));
  const answer = execFileSync("npm", ["pack", "--json", "--pack-destination", destination], { cwd: folder });
  return tarballName(JSON.parse(answer.toString()));
}

/** npm 10 and 11 answer a list, npm 12 an object by package name. */
function tarballName(answer: unknown): string {
  const [packed] = Object.values(answer as Record<string, { filename: string }>);
  if (!packed) throw new Error("npm pack made no tarball");
  return packed.filename;
}

/** Dependencies are exact already; what is private to the monorepo stays out. */
function publicManifest({ name, version, license, description, dependencies }: Manifest): object {
  return {
    ...{ name, version, description, license, type: "module", sideEffects: false },
    ...(BROWSER_SAFE.includes(name) ? {} : { engines: { node: ">=22" } }),
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
    files: ["dist"],
    dependencies,
  };
}

main(process.argv.slice(2));
