/**
 * The part of Cloudflare's runtime that is used here: its own types would replace the DOM's in the whole project.
 * @see https://developers.cloudflare.com/durable-objects/api/namespace/
 */

/** The first request to a Durable Object decides where it lives. */
export type ShardNamespace = {
  getByName(name: string, options?: { locationHint?: string }): Shard;
};

/** `name`: that it was asked by. */
export type ShardState = { id: { name?: string } };

export type Shard = { fetch(request: Request): Promise<Response> };

/** The server's end of a pair: it hears nothing before `accept`. */
export type AcceptedSocket = WebSocket & { accept(): void };

/** Bindings: settings and secrets as text, and the namespace of the shards. */
export type WorkerEnv = { SIGNALING: ShardNamespace } & Record<string, unknown>;
