import {
  BENCH_TOOLS,
  findProgram,
  LONG_TOOLS,
  MANIFEST_TOOLS,
  NAMESPACE_TOOLS,
  PROGRAMS,
  type ProgramName,
  SYSTEMD_TOOLS,
} from "./programs.ts";
import { aptCommand, canInstall, installPackages } from "./system-packages.ts";

/** Only root on Linux can make network namespaces, so nobody else needs the tools for them. */
const canUseNamespaces = process.platform === "linux" && process.getuid?.() === 0;
const ELSEWHERE = [
  ...[...LONG_TOOLS, ...BENCH_TOOLS, ...MANIFEST_TOOLS],
  ...(canUseNamespaces ? [] : NAMESPACE_TOOLS),
  ...(process.platform === "linux" ? [] : SYSTEMD_TOOLS),
];
const ALL = (Object.keys(PROGRAMS) as ProgramName[]).filter((name) => !ELSEWHERE.includes(name));

/**
 * Browsers and servers, installed by apt where this process may. Tests start servers of their own on free ports: one that apt
 * has started meanwhile is in nobody's way.
 *
 * @param needed Default: all that tests need.
 * @throws {Error} Says which are missing and how to get them.
 */
export function providePrograms(say: (line: string) => void, needed: readonly ProgramName[] = ALL): void {
  const missing = findMissing(needed);
  if (missing.length > 0) install(missing, say);
  for (const name of needed) say(`${name}: ${findProgram(name)}`);
}

function install(missing: readonly ProgramName[], say: (line: string) => void): void {
  const packages = missing.flatMap((name) => PROGRAMS[name].debianPackage.split(" "));
  if (!canInstall()) throw new Error(howToGet(missing, packages));
  say(`installing ${packages.join(" ")}`);
  installPackages(packages);
  const stillMissing = findMissing(missing);
  if (stillMissing.length > 0) throw new Error(howToGet(stillMissing, packages));
}

function howToGet(missing: readonly ProgramName[], packages: readonly string[]): string {
  return [
    `Missing: ${missing.join(" and ")}.`,
    `On Debian, as root: ${aptCommand(packages)}`,
    `Elsewhere: install them, and where they are not on PATH set ${missing.map((name) => PROGRAMS[name].override).join(" and ")}.`,
  ].join("\n  ");
}

function findMissing(needed: readonly ProgramName[]): ProgramName[] {
  return needed.filter((name) => findProgram(name) === undefined);
}
