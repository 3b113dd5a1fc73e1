import { FairleadError } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";

/** One process's connection to the registry, which a test can cut. */
export type RegistryLink = { registry: Registry; cut(): void; restore(): void };

export function linkRegistry(registry: Registry): RegistryLink {
  let isCut = false;
  const linked = new Proxy(registry, {
    get: (target, name) => {
      const member = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]) => {
        if (isCut) throw new FairleadError("registry_unreachable", { message: "cut by the test" });
        return member.apply(target, args);
      };
    },
  });
  return {
    registry: linked,
    cut: () => {
      isCut = true;
    },
    restore: () => {
      isCut = false;
    },
  };
}
