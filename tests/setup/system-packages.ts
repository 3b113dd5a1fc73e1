import { spawnSync } from "node:child_process";

// DPkg::Lock::Timeout waits for another apt, such as a fresh machine's automatic upgrade.
const APT = ["-o", "DPkg::Lock::Timeout=300", "-qq"];

/** @returns The command that a person would run as root. */
export function aptCommand(packages: readonly string[]): string {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}

/** Whether this process may install Debian packages. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && run(["--version"], "ignore");
}

/** @throws {Error} apt failed; what it said stands above, on stderr. */
export function installPackages(packages: readonly string[]): void {
  // One unreachable source of several fails the update; whether that matters shows in the installation.
  run([...APT, "update"]);
  if (!run([...APT, "install", "-y", "--no-install-recommends", ...packages]))
    throw new Error(`failed: ${aptCommand(packages)}`);
}

/** apt's words go to stderr, as progress does. */
function run(args: string[], output: "ignore" | 2 = 2): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("apt-get", args, { env, stdio: ["ignore", output, output] }).status === 0;
}
