import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Whether this checkout has the history that an earlier build is taken from. */
export function hasCommit(commit: string): boolean {
  try {
    execFileSync("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: ROOT, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The packages of an earlier build in a temporary folder. Dependencies are today's. @returns Its root. */
export function checkOut(commit: string): { root: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), "fairlead-former-"));
  const archive = execFileSync("git", ["archive", commit, "packages"], { cwd: ROOT, maxBuffer: 1 << 28 });
  execFileSync("tar", ["-x", "-C", root], { input: archive });
  const [from, to] = [join(ROOT, "node_modules"), join(root, "node_modules")];
  mkdirSync(join(to, "@fairlead"), { recursive: true });
  for (const name of readdirSync(from))
    if (name !== "@fairlead" && !name.startsWith(".")) symlinkSync(join(from, name), join(to, name));
  for (const folder of readdirSync(join(root, "packages"), { withFileTypes: true }))
    if (folder.isDirectory())
      symlinkSync(join("../../packages", folder.name), join(to, "@fairlead", folder.name));
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
