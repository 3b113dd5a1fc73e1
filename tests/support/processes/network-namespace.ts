import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { needProgram } from "../../setup/programs.ts";
import { atExit } from "./at-exit.ts";

export type NetworkNamespace = ReturnType<typeof createNamespace>;

/** Private addresses of each namespace's own link (RFC 1918): `.1` is this machine, `.2` the namespace. */
const NETWORK = "10.213";
/** Where iproute2 keeps them. */
const FOLDER = "/run/netns";

/**
 * Why this process can't make network namespaces and drop packets in them, which root on Linux can, with iproute2 and
 * nftables. null: it can.
 */
export function whyNoNamespaces(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "only root on Linux can make network namespaces";
  try {
    const name = `fairlead-probe-${process.pid}`;
    ip("netns", "add", name);
    try {
      ip("netns", "exec", name, needProgram("nft"), "list", "ruleset");
    } finally {
      ip("netns", "del", name);
    }
    return null;
  } catch (error) {
    return `network namespaces can't be made: ${error instanceof Error ? error.message : error}`;
  }
}

/**
 * A network of its own with one link to this machine, whose packets can be dropped: a host that loses its network, while its
 * processes run on.
 *
 * @param index 0..250, one for each that lives at the same time.
 */
export function createNamespace(index: number) {
  removeLeftovers();
  const name = `fairlead-${process.pid}-${index}`;
  const [ours, theirs] = [`fl${process.pid % 100_000}-${index}a`, `fl${process.pid % 100_000}-${index}b`];
  const inside = (...command: string[]) => ip("netns", "exec", name, ...command);
  const nft = needProgram("nft");
  const close = () => {
    forget();
    // The links end with it.
    tryTo(() => ip("netns", "del", name));
    tryTo(() => ip("link", "del", ours));
  };
  const forget = atExit(close);
  const [hostAddress, address] = [`${NETWORK}.${index}.1`, `${NETWORK}.${index}.2`];
  ip("netns", "add", name);
  ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name);
  ip("addr", "add", `${hostAddress}/30`, "dev", ours);
  ip("link", "set", ours, "up");
  inside("ip", "addr", "add", `${address}/30`, "dev", theirs);
  inside("ip", "link", "set", theirs, "up");
  inside("ip", "link", "set", "lo", "up");
  return {
    /** This machine, as seen from inside. */
    hostAddress,
    /** The inside, as seen from this machine. */
    address,
    /** Before a command, this makes it run inside. */
    prefix: [needProgram("ip"), "netns", "exec", name],
    /** From now on not one packet gets in or out, and nobody is told. */
    dropPackets: () => {
      inside(nft, "add table inet cut");
      for (const hook of ["input", "output"])
        inside(nft, `add chain inet cut ${hook} { type filter hook ${hook} priority 0; policy drop; }`);
    },
    restore: () => inside(nft, "delete table inet cut"),
    /** Idempotent. What runs inside must have ended. */
    close,
  };
}

/** Of test runs that were killed. */
function removeLeftovers(): void {
  for (const name of existsSync(FOLDER) ? readdirSync(FOLDER) : []) {
    const pid = /^fairlead-(\d+)-\d+$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) tryTo(() => ip("netns", "del", name));
  }
}

function ip(...args: string[]): void {
  execFileSync(needProgram("ip"), args, { stdio: ["ignore", "ignore", "pipe"] });
}

function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // Gone already.
  }
}
