import type { Bus, BusStatus, IncomingMessage, Subscription } from "@fairlead/bus";
import { FairleadError } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";

/** One process's way to the registry, which a test can cut. */
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

/** One process's connection to the bus, which a test can cut: nobody hears it then, and it hears nobody. */
export type BusLink = { bus: Bus; cut(): void; restore(): void };

type Interest = {
  subject: string;
  handler: (message: IncomingMessage) => void;
  options?: { queue?: string };
  subscription: Subscription | null;
};

export function linkBus(bus: Bus): BusLink {
  const interests = new Set<Interest>();
  const listeners = new Set<(status: BusStatus) => void>();
  let isCut = false;
  const assertThere = () => {
    if (isCut) throw new FairleadError("bus_disconnected", { message: "cut by the test" });
  };
  const subscribe: Bus["subscribe"] = (subject, handler, options) => {
    const subscription = isCut ? null : bus.subscribe(subject, handler, options);
    const interest: Interest = { subject, handler, options, subscription };
    interests.add(interest);
    const unsubscribe = () => {
      interest.subscription?.unsubscribe();
      interests.delete(interest);
    };
    return { unsubscribe };
  };
  const linked: Bus = {
    get isConnected() {
      return !isCut && bus.isConnected;
    },
    publish: (...args) => {
      assertThere();
      bus.publish(...args);
    },
    subscribe,
    flush: async () => {
      assertThere();
      await bus.flush();
    },
    request: async (subject, data, options) => {
      assertThere();
      return bus.request(subject, data, options);
    },
    requestMany: async (subject, data, options) => {
      assertThere();
      return bus.requestMany(subject, data, options);
    },
    onStatus: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {},
  };
  return {
    bus: linked,
    cut: () => {
      isCut = true;
      for (const interest of interests) {
        interest.subscription?.unsubscribe();
        interest.subscription = null;
      }
      for (const listener of listeners) listener("lost");
    },
    restore: () => {
      isCut = false;
      for (const interest of interests)
        interest.subscription = bus.subscribe(interest.subject, interest.handler, interest.options);
      for (const listener of listeners) listener("resumed");
    },
  };
}
