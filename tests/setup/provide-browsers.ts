import { BROWSERS, type BrowserName, findBrowser } from "./browsers.ts";
import { aptCommand, canInstall, installPackages } from "./system-packages.ts";

/**
 * Chromium and Firefox, installed by apt where this process may.
 *
 * @throws {Error} Says which are missing and how to get them.
 */
export function provideBrowsers(say: (line: string) => void): void {
  const missing = findMissing();
  if (missing.length > 0) install(missing, say);
  for (const name of namesOf()) say(`${name}: ${findBrowser(name)}`);
}

function install(missing: readonly BrowserName[], say: (line: string) => void): void {
  const packages = missing.map((name) => BROWSERS[name].debianPackage);
  if (!canInstall()) throw new Error(howToGet(missing, packages));
  say(`installing ${packages.join(" ")}`);
  installPackages(packages);
  const stillMissing = findMissing();
  if (stillMissing.length > 0) throw new Error(howToGet(stillMissing, packages));
}

function howToGet(missing: readonly BrowserName[], packages: readonly string[]): string {
  return [
    `The browser tests need ${missing.join(" and ")}.`,
    `On Debian, as root: ${aptCommand(packages)}`,
    `Elsewhere: install them, and where they are not on PATH set ${missing.map((name) => BROWSERS[name].override).join(" and ")}.`,
  ].join("\n  ");
}

function findMissing(): BrowserName[] {
  return namesOf().filter((name) => findBrowser(name) === undefined);
}

function namesOf(): BrowserName[] {
  return Object.keys(BROWSERS) as BrowserName[];
}
