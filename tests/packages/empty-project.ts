import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

/** A folder outside of the monorepo, as of somebody who installs the packed packages from npm. */
export type EmptyProject = {
  folder: string;
  write(file: string, text: string): Promise<void>;
  /** @returns What `file` printed, run by Node. */
  node(file: string): Promise<string>;
  /** Runs a server until `remove`. */
  start(file: string, env: Record<string, string>): void;
  /** @throws With what it printed. */
  shell(command: string): Promise<void>;
  /** Type-checks `file` and every declaration that it reaches. @throws With the compiler's words. */
  typeCheck(file: string): Promise<void>;
  remove(): Promise<void>;
};

/** Installs the tarballs of `packages`; what they depend on comes from npm, or its cache. */
export async function installPacked(...packages: string[]): Promise<EmptyProject> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-installed-"));
  const tarballs = inject("tarballs");
  const inFolder = { cwd: folder };
  const write = (file: string, text: string) => writeFile(join(folder, file), text);
  await write("package.json", JSON.stringify({ private: true, type: "module" }));
  const packed = await readdir(tarballs);
  const files = packages.map((name) => join(tarballs, tarballOf(name, packed)));
  await run(
    "npm",
    ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", ...files],
    inFolder,
  );
  const servers: ChildProcess[] = [];
  return {
    folder,
    write,
    node: async (file) =>
      (await run(process.execPath, ["--no-experimental-strip-types", file], inFolder)).stdout,
    start: (file, env) => {
      const flags = ["--no-experimental-strip-types", file];
      servers.push(spawn(process.execPath, flags, { ...inFolder, env: { ...process.env, ...env } }));
    },
    shell: async (command) => void (await run("sh", ["-ec", command], inFolder)),
    typeCheck: (file) => typeCheck(folder, file),
    remove: async () => {
      for (const server of servers) server.kill("SIGKILL");
      await rm(folder, { recursive: true });
    },
  };
}

/** @returns The samples in TypeScript of a package's installed README, in order. */
export async function samplesOf({ folder }: EmptyProject, name: string): Promise<string[]> {
  const readme = await readFile(join(folder, "node_modules/@fairlead", name, "README.md"), "utf8");
  return samplesIn(readme);
}

export function samplesIn(readme: string): string[] {
  return [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, sample = ""]) => sample);
}

/** Its name ends with the version. */
function tarballOf(name: string, packed: readonly string[]): string {
  const file = packed.find((file) => new RegExp(`^fairlead-${name}-\\d`).test(file));
  if (!file) throw new Error(`no tarball of ${name} among ${packed}`);
  return file;
}

async function typeCheck(folder: string, file: string): Promise<void> {
  const options = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "false",
    "--module",
    "nodenext",
    "--target",
    "es2022",
  ];
  const surroundings = ["--lib", "es2024,dom,dom.iterable,dom.asynciterable", "--types", ""];
  try {
    await run(join(ROOT, "node_modules/.bin/tsc"), [...options, ...surroundings, file], { cwd: folder });
  } catch (error) {
    throw new Error(`${file} does not type-check`, { cause: (error as { stdout: string }).stdout });
  }
}
