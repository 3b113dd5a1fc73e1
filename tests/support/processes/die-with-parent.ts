import { spawnSync } from "node:child_process";

/** By its whole path, as some are started without PATH. */
const SETPRIV = "/usr/bin/setpriv";
const OPTIONS = ["--pdeathsig", "KILL", "--"];
const isThere = spawnSync(SETPRIV, [...OPTIONS, "true"]).status === 0;

/**
 * @returns The command such that Linux ends its process when this one ends, even by SIGKILL, where util-linux is installed; elsewhere
 * the same command.
 */
export function dieWithParent(command: readonly string[]): [program: string, args: string[]] {
  const [program = "", ...args] = isThere ? [SETPRIV, ...OPTIONS, ...command] : command;
  return [program, args];
}
