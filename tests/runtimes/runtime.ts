/** One signaling instance that runs. */
export type Instance = {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** Of the process in which the app runs; this one's where it has none of its own. */
  pid(): number;
  /** SIGKILL, or what is nearest to it. */
  kill(): Promise<void>;
  close(): Promise<void>;
};

/** @param env All settings, by their names (`FAIRLEAD_…`), and what a process needs besides, e.g. `PATH`. */
export type StartInstance = (env: Record<string, string>, name: string) => Promise<Instance>;

/** A runtime that the one app is proved on, and how it reaches what it needs. */
export type Runtime = {
  name: string;
  nats: "tcp" | "websocket";
  /** `rest`: deploy/redis-rest, by Upstash's protocol. */
  redis: "resp" | "rest";
  hasWebSocket: boolean;
  /** The platform says itself in `X-Forwarded-For` whom it was asked by, in place of what came. */
  isBehindProxy?: boolean;
  start: StartInstance;
};
