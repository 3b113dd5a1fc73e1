import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { atExit } from "./at-exit.ts";

export type NetworkNamespace = ReturnType<typeof createNamespace>;

/** Private addresses of each namespace's own link (RFC 1918): `.1` is this machine, `.2` the namespace. */
const NETWORK = "10.213";
/** Where iproute2 keeps them. */
const FOLDER = "/run/netns";

/** Whether this process may make network namespaces and drop packets in them: root on Linux, with iproute2 and nftables. */
export function canMakeNamespaces(): boolean {
  try {
    const name = `fairlead-probe-${process.pid}`;
    sh("ip", "netns", "add", name);
    try {
      sh("ip", "netns", "exec", name, "nft", "list", "ruleset");
    } finally {
      sh("ip", "netns", "del", name);
    }
    return true;
  } catch {
    return false;
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
  const inside = (...command: string[]) => sh("ip", "netns", "exec", name, ...command);
  const close = () => {
    forget();
    // The links end with it.
    tryTo(() => sh("ip", "netns", "del", name));
    tryTo(() => sh("ip", "link", "del", ours));
  };
  const forget = atExit(close);
  const [hostAddress, address] = [`${NETWORK}.${index}.1`, `${NETWORK}.${index}.2`];
  sh("ip", "netns", "add", name);
  sh("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name);
  sh("ip", "addr", "add", `${hostAddress}/30`, "dev", ours);
  sh("ip", "link", "set", ours, "up");
  inside("ip", "addr", "add", `${address}/30`, "dev", theirs);
  inside("ip", "link", "set", theirs, "up");
  inside("ip", "link", "set", "lo", "up");
  return {
    /** This machine, as seen from inside. */
    hostAddress,
    /** The inside, as seen from this machine. */
    address,
    /** What a command is to be prefixed with, to run inside. */
    prefix: ["ip", "netns", "exec", name],
    /** From now on not one packet gets in or out, and nobody is told. */
    dropPackets: () => {
      inside("nft", "add table inet cut");
      for (const hook of ["input", "output"])
        inside("nft", `add chain inet cut ${hook} { type filter hook ${hook} priority 0; policy drop; }`);
    },
    restore: () => inside("nft", "delete table inet cut"),
    /** Idempotent. What runs inside must have ended. */
    close,
  };
}

/** Of test runs that were killed. */
function removeLeftovers(): void {
  for (const name of existsSync(FOLDER) ? readdirSync(FOLDER) : []) {
    const pid = /^fairlead-(\d+)-\d+$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) tryTo(() => sh("ip", "netns", "del", name));
  }
}

function sh(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
}

function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // Gone already.
  }
}
