import { type CommandOutcome, runCommand } from "./run-command.ts";
import type { OnProgress } from "./show-progress.ts";

type SystemPackage = {
  name: string;
  check: { command: string } | { pkgConfig: string } | { header: string };
};

/** The packages that the recipe builds with and against, by Debian's names. Versions are checked by meson, which says more. */
const neededPackages: SystemPackage[] = [
  { name: "meson", check: { command: "meson" } },
  { name: "ninja-build", check: { command: "ninja" } },
  { name: "pkg-config", check: { command: "pkg-config" } },
  { name: "g++", check: { command: "g++" } },
  { name: "flatbuffers-compiler", check: { command: "flatc" } },
  // Debian has flatbuffers.pc in the runtime library's package: it says nothing about the headers.
  { name: "libflatbuffers-dev", check: { header: "flatbuffers/flatbuffers.h" } },
  { name: "libuv1-dev", check: { pkgConfig: "libuv" } },
  { name: "libssl-dev", check: { pkgConfig: "libssl" } },
  { name: "libsrtp2-dev", check: { pkgConfig: "libsrtp2" } },
  { name: "libabsl-dev", check: { pkgConfig: "absl_strings" } },
];

/** This process's means to look for packages and to install them. */
export type PackageHost = {
  isRoot: boolean;
  run(command: string, args: string[]): Promise<CommandOutcome>;
};

/** The build tools and libraries that are not there, by the names of their Debian packages. */
export async function findMissingPackages(host: PackageHost): Promise<string[]> {
  const isThere = await Promise.all(neededPackages.map(({ check }) => isInstalled(check, host)));
  return neededPackages.filter((_, index) => !isThere[index]).map(({ name }) => name);
}

/**
 * Installs what the build needs and is not there: as root, with apt.
 *
 * @throws {Error} Names the packages and the command, where this process may not or cannot run it.
 */
export async function installMissingPackages(
  onProgress: OnProgress,
  host: PackageHost = thisHost(),
): Promise<void> {
  const missing = await findMissingPackages(host);
  if (missing.length === 0) return;
  const hasApt = await succeeds(host, "apt-get", ["--version"]);
  if (!hasApt) throw new Error(`The build needs what Debian calls ${missing.join(" ")}. ${otherWay}`);
  if (!host.isRoot)
    throw new Error(`The build needs ${missing.join(" ")}. As root: ${aptCommand(missing)}. ${otherWay}`);
  onProgress(`installing ${missing.join(" ")}`);
  await installWithApt(missing, host);
  const stillMissing = await findMissingPackages(host);
  if (stillMissing.length > 0)
    throw new Error(`apt-get installed ${stillMissing.join(" ")}, but it cannot be found`);
}

const otherWay = "Or set MEDIASOUP_WORKER_BIN to a worker built elsewhere.";

async function installWithApt(packages: string[], host: PackageHost): Promise<void> {
  // One unreachable source of several fails the update; whether that matters shows in the installation.
  const update = await host.run("apt-get", ["update"]);
  const install = await host.run("apt-get", installArguments(packages));
  if (install.exitCode === 0) return;
  throw new Error(`${aptCommand(packages)}: ${install.ending}\n${update.output}\n${install.output}`);
}

function installArguments(packages: string[]): string[] {
  return ["install", "-y", "--no-install-recommends", ...packages];
}

function aptCommand(packages: string[]): string {
  return `apt-get update && apt-get ${installArguments(packages).join(" ")}`;
}

function isInstalled(check: SystemPackage["check"], host: PackageHost): Promise<boolean> {
  if ("command" in check) return succeeds(host, check.command, ["--version"]);
  if ("pkgConfig" in check) return succeeds(host, "pkg-config", ["--exists", check.pkgConfig]);
  return succeeds(host, "g++", ["-fsyntax-only", "-include", check.header, "-x", "c++", "/dev/null"]);
}

async function succeeds(host: PackageHost, command: string, args: string[]): Promise<boolean> {
  return (await host.run(command, args)).exitCode === 0;
}

function thisHost(): PackageHost {
  // DPkg::Lock::Timeout waits for another apt, such as a fresh machine's automatic upgrade.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const wait = ["-o", "DPkg::Lock::Timeout=300"];
  return {
    isRoot: process.getuid?.() === 0,
    run: (command, args) =>
      runCommand(command, command === "apt-get" ? [...wait, ...args] : args, {
        env,
        timeoutMs: 15 * 60 * 1000,
      }),
  };
}
