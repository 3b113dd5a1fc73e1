import { FairleadError } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";

/** One process's connection to the registry, which a test can cut. */
export type RegistryLink = {
  registry: Registry;
  cut(): void;
  restore(): void;
  /** From now on it leads to another one, which is empty perhaps, as after a flush. */
  leadTo(registry: Registry): void;
};

export function linkRegistry(registry: Registry): RegistryLink {
  let isCut = false;
  let current = registry;
  const linked = new Proxy(registry, {
    get: (_, name) => {
      const member = Reflect.get(current, name);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]) => {
        if (isCut) throw new FairleadError("registry_unreachable", { message: "cut by the test" });
        return Reflect.get(current, name).apply(current, args);
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
    leadTo: (other) => {
      current = other;
    },
  };
}
